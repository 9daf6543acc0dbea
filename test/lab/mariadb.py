"""A private MariaDB on loopback with TLS: up in about 0.2 s, because the empty data directory is made once and copied.

Durability is switched off where it costs time (nosync, log written but not flushed at commit): a SIGKILL loses nothing, since the
kernel keeps what was written; only a power cut would. The administrator is `root` without a password on the unix socket, in a directory that only root may enter.
It runs as nobody, so that mariadb-server-core is enough: Debian's mariadb-server, which makes the user mysql, would also start a
server of its own on the machine.
"""
import fcntl
import os
import shutil
import signal

import pymysql

from lab import certs
from lab.process import CACHE, Daemon, free_port, run

USER = "nobody"
LEAN = ["--innodb-flush-method=nosync", "--innodb-log-file-size=8M", "--innodb-flush-log-at-trx-commit=2", "--skip-innodb-doublewrite",
        "--innodb-buffer-pool-size=128M", "--skip-performance-schema", "--skip-log-bin", "--sync-frm=OFF", "--skip-name-resolve",
        "--aria-log-file-size=8M", "--aria-pagecache-buffer-size=8M", "--key-buffer-size=1M"]


def template():
    """An initialised empty data directory for the installed server's version, made once for this source tree."""
    version = run(["mariadbd", "--version"]).stdout.split("Ver ")[1].split()[0]
    path = os.path.join(CACHE, "mariadb-" + version)
    os.makedirs(CACHE, exist_ok=True)
    with open(path + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.isdir(path):
            new = path + ".new"
            shutil.rmtree(new, ignore_errors=True)
            os.mkdir(new)
            run(["mariadb-install-db", "--no-defaults", "--datadir=" + new, "--user=root", "--auth-root-authentication-method=normal",
                 "--skip-test-db", "--innodb-flush-method=nosync", "--innodb-log-file-size=8M"])
            os.rename(new, path)
    return path


class MariaDB:
    """One server under `parent`; it is not started yet. `with` starts and stops it."""

    def __init__(self, parent, options=()):
        self.directory = os.path.join(parent, "mariadb")
        self.data = os.path.join(self.directory, "data")
        self.socket = os.path.join(self.directory, "socket")
        self.log = os.path.join(self.directory, "log")
        self.host, self.port = "127.0.0.1", free_port()
        self.options = list(options)
        os.mkdir(self.directory, 0o700)
        run(["cp", "-a", template(), self.data])
        run(["chown", "-R", USER + ":", self.directory])
        trust = os.path.join(parent, "mariadb-ca")
        os.mkdir(trust)
        self.authority = certs.Authority(trust)
        self.ca = self.authority.path
        self._adopt(self.authority.issue("server"))
        self.daemon = None

    def _adopt(self, pair):
        """Puts certificate and key where the server reads them."""
        for path, name in zip(pair, ("cert.pem", "key.pem")):
            new = os.path.join(self.directory, name)
            shutil.copy(path, new)
            shutil.chown(new, USER)
            os.chmod(new, 0o600)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *why):
        self.kill()

    def start(self, tls=True, options=()):
        """Starts and waits until it answers. With tls=False it offers none; the port stays the same through restarts."""
        here = self.directory
        secure = ["--ssl-cert=%s/cert.pem" % here, "--ssl-key=%s/key.pem" % here] if tls else ["--skip-ssl"]
        self.daemon = Daemon("mariadbd", self.log, ["mariadbd", "--no-defaults", "--datadir=" + self.data, "--socket=" + self.socket,
            "--port=%d" % self.port, "--bind-address=" + self.host, "--tmpdir=" + here, "--pid-file=%s/pid" % here] + LEAN + secure + self.options
            + list(options), user=USER)
        self.daemon.start()
        self.daemon.wait_ready(self.answers)

    def answers(self):
        try:
            self.connect().close()
            return True
        except pymysql.MySQLError:
            return False

    @property
    def pid(self):
        return self.daemon.pid

    def stop(self):
        """An orderly stop."""
        return self.daemon and self.daemon.end()

    def kill(self):
        """SIGKILL, as an accident would; start() recovers."""
        return self.daemon and self.daemon.end(signal.SIGKILL)

    def restart(self, **how):
        self.stop()
        self.start(**how)

    def freeze(self):
        """It stays connected and silent until thaw()."""
        self.daemon.freeze()

    def thaw(self):
        self.daemon.send(signal.SIGCONT)

    def use_certificate(self, pair):
        """Shows this (certificate, key) from the next connection on."""
        self._adopt(pair)
        self.execute("FLUSH SSL")

    def connect(self, database=None, **options):
        """A pymysql connection as administrator over the unix socket, autocommitting; pass user, host, ssl… for another one."""
        settings = dict(unix_socket=self.socket, user="root", database=database, charset="utf8mb4", autocommit=True)
        settings.update(options)
        return pymysql.connect(**settings)

    def _run(self, sql, arguments, database, take):
        connection = self.connect(database)
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql, arguments)
                return take(cursor)
        finally:
            connection.close()

    def query(self, sql, arguments=None, database="crm"):
        """Rows of one statement as a list of tuples."""
        return self._run(sql, arguments, database, lambda cursor: list(cursor.fetchall()))

    def execute(self, sql, arguments=None, database=None):
        """Runs one statement and returns the number of rows it touched."""
        return self._run(sql, arguments, database, lambda cursor: cursor.rowcount)

    def client(self, *options):
        """The command line of Debian's client as administrator."""
        return ["mariadb", "--no-defaults", "--socket=" + self.socket, "--user=root"] + list(options)

    def script(self, sql, database="crm"):
        """Feeds a whole SQL text to Debian's client, as an administrator would; LabError with its message when that fails."""
        return run(self.client(database), input=sql).stdout

    def connections(self, user="mlist"):
        """Ids of the connections a user has now; execute("KILL %s", …) ends one."""
        return [row[0] for row in self.query("SELECT id FROM information_schema.processlist WHERE user = %s", (user,))]
