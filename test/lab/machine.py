"""A machine of its own under the lab, where systemd is pid 1 and starts Rollcall by the units that `make install` puts there: systemd-nspawn with this machine's
/usr, an /etc and /var of its own and this machine's network. CRM, Postfix and sink stay outside, in the lab, which the machine sees as /lab.

What systemd can only do with a kernel and privileges that a container lacks (an address filter in BPF) it leaves out there, and says so in its log.
"""
import contextlib
import json
import os
import shutil
import subprocess

from lab.process import ROOT, Daemon, children, program, run, wait_until
from lab.rollcall import DOMAIN

HERE = "/lab"
FROM_ETC = ("passwd", "group", "nsswitch.conf", "ld.so.cache", "hosts", "localtime", "ssl")
SYSTEMD = "/usr/lib/systemd/systemd"


def can_boot():
    """Whether systemd-nspawn may do its work on this machine at all; a container seldom may."""
    with contextlib.ExitStack() as stack:
        import tempfile
        root = stack.enter_context(tempfile.TemporaryDirectory())
        lay_out(root)
        return run(nspawn(root, []) + ["/usr/bin/true"], check=False, stdin=subprocess.DEVNULL).returncode == 0


def nspawn(root, options):
    return ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--console=pipe", "--machine=rollcall-%d" % os.getpid(),
            "--directory=" + root, "--bind-ro=/usr"] + options


def lay_out(root):
    """A root directory that has nothing yet of what we install."""
    for name in ("usr", "etc", "var", "run", "tmp", "proc", "sys", "dev", "root"):
        os.makedirs(os.path.join(root, name), exist_ok=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        os.symlink("usr/" + name, os.path.join(root, name))
    shutil.copy("/usr/lib/os-release", os.path.join(root, "etc", "os-release"))
    for name in FROM_ETC:
        if os.path.exists("/etc/" + name):
            run(["cp", "-a", "-L", "/etc/" + name, os.path.join(root, "etc", name)])


class Machine:
    """Boots when entered. `settings` change rollcall.conf, `drop_ins` ({unit: text}) the units."""

    def __init__(self, world, settings=None, drop_ins=None):
        self.world = world
        self.root = os.path.join(world.directory, "machine")
        self.lmtp = os.path.join(world.directory, "rollcall", "run", "lmtp")
        self.daemon, self.init = None, None
        os.mkdir(self.root)
        lay_out(self.root)
        self.installed = os.path.join(world.directory, "installed")
        run(["make", "-s", "-C", ROOT, "install", "DESTDIR=" + self.installed, "BUILD=" + os.environ.get("BUILD", "build")])
        run(["cp", "-a", self.installed + "/etc/rollcall", self.root + "/etc/rollcall"])
        run(["systemd-sysusers", "--root=" + self.root, self.installed + "/usr/local/lib/sysusers.d/rollcall.conf"])
        self.secrets()
        self.configure(settings or {})
        drop_ins = dict({"rollcall.socket": "[Socket]\nListenStream=\nListenStream=%s/rollcall/run/lmtp\n" % HERE}, **(drop_ins or {}))
        for unit, text in drop_ins.items():
            os.makedirs("%s/etc/systemd/system/%s.d" % (self.root, unit))
            self.write("etc/systemd/system/%s.d/lab.conf" % unit, text, 0o644)

    def write(self, name, text, mode):
        with open(os.open(os.path.join(self.root, name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as f:
            f.write(text)

    def secrets(self):
        """As an admin makes them: root's, closed to everybody."""
        world = self.world
        with open(world.crm.option_file(os.path.join(self.root, "etc", "rollcall", "crm.cnf"))) as f:
            text = f.read().replace(world.directory, HERE)
        self.write("etc/rollcall/crm.cnf", text, 0o600)
        for key in world.rollcall.keys:
            self.write("etc/rollcall/keys/%s.pem" % key.selector, key.pem.decode(), 0o600)

    def configure(self, settings):
        lines = {"listen": "unix:%s/rollcall/run/lmtp" % HERE, "hostname": "mx.example.org", "resolver": self.world.resolver.setting,
                 "qmqp_socket": "unix:" + self.world.postfix.qmqp_socket.replace(self.world.directory, HERE), "dispatch_workers": 2}
        lines.update(settings)
        keys = ";".join("%s:/etc/rollcall/keys/%s.pem" % (key.selector, key.selector) for key in self.world.rollcall.keys)
        self.write("etc/rollcall/rollcall.conf", "[rollcall]\n" + "".join("%s = %s\n" % item for item in lines.items()) +
                   "[crm]\nbreaker_pause = 1\n[domain %s]\ndkim_keys = %s\n" % (DOMAIN, keys), 0o644)

    def __enter__(self):
        log = os.path.join(self.world.directory, "machine.log")
        options = ["--bind=%s/usr/local:/usr/local" % self.installed, "--bind=%s:%s" % (self.world.directory, HERE), "--boot"]
        self.daemon = Daemon("systemd-nspawn", log, nspawn(self.root, options) + ["systemd.unit=basic.target", "systemd.log_target=console"])
        self.daemon.start()
        try:
            self.daemon.wait_ready(self.booted, 30)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *why):
        if self.init:
            # As a machine is switched off: its pid 1 takes all others along.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.init, 9)
        self.daemon.end(grace=10)

    def booted(self):
        inits = [pid for pid in children(self.daemon.pid) if program(pid) == "systemd"]
        if inits:
            self.init = inits[0]
        return self.init and self.systemctl("is-active", "basic.target", check=False).stdout.strip() == "active"

    def inside(self, *argv, check=True):
        """Runs a command in the machine."""
        return run(["nsenter", "-t", str(self.init), "--all"] + list(argv), check=check)

    def systemctl(self, *argv, check=True):
        return self.inside("systemctl", "--no-pager", *argv, check=check)

    def show(self, unit, *properties):
        """Properties of a unit as a dict."""
        lines = self.systemctl("show", unit, "--property=" + ",".join(properties)).stdout.splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def processes(self):
        """{program name: [pids]} of ours, as this machine numbers them, porters first."""
        found = {}
        for pid in children(self.daemon.pid):
            if program(pid).startswith("rollcall"):
                found.setdefault(program(pid), []).append(pid)
        return found

    def journal(self, *words):
        """What the units and we ourselves have said."""
        done = self.inside("journalctl", "--no-pager", "--output=json", *words)
        return [entry.get("MESSAGE") for entry in map(json.loads, done.stdout.splitlines()) if isinstance(entry.get("MESSAGE"), str)]
