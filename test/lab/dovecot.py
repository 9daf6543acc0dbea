"""A private Dovecot that is nothing but a SASL server: logins for Postfix over a unix socket, by CRAM-MD5 and PLAIN.

    with Dovecot(parent, postfix, {"chaya@mail.example.net": "secret"}) as dovecot:
        port = dovecot.add_submission(certificate, key)

add_submission() gives the lab's Postfix a submission service as a site has it: TLS first, then a login, and who logged in stands in Received.
"""
import os
import pwd

from lab.process import Daemon, free_port, wait_until

CONFIG = """\
base_dir = %(here)s/run
log_path = /dev/stderr
protocols =
ssl = no
listen = 127.0.0.1
auth_mechanisms = cram-md5 plain
auth_username_format =
auth_failure_delay = 0
passdb {
  driver = passwd-file
  args = scheme=PLAIN %(here)s/users
}
userdb {
  driver = static
  args = uid=dovecot gid=dovecot home=/nonexistent
}
# Whoever failed would be made to wait, and these tests fail on purpose.
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service auth {
  unix_listener %(socket)s {
    mode = 0600
    user = postfix
  }
}
"""


class Dovecot:
    """Starts in the `with` block; `users` is {login: password}, the socket stands in `postfix`'s queue directory."""

    def __init__(self, parent, postfix, users):
        self.directory, self.postfix = os.path.join(parent, "dovecot"), postfix
        self.socket = os.path.join(postfix.queue_directory, "private", "auth")
        os.mkdir(self.directory, 0o755)
        with open(os.path.join(self.directory, "users"), "w") as f:
            f.writelines("%s:{PLAIN}%s\n" % item for item in users.items())
        os.chown(f.name, pwd.getpwnam("dovecot").pw_uid, -1)
        os.chmod(f.name, 0o600)
        self.config = os.path.join(self.directory, "dovecot.conf")
        with open(self.config, "w") as f:
            f.write(CONFIG % dict(here=self.directory, socket=self.socket))
        self.daemon = Daemon("dovecot", os.path.join(self.directory, "output"), ["dovecot", "-F", "-c", self.config], death_signal="TERM")

    def __enter__(self):
        self.daemon.start()
        self.daemon.wait_ready(lambda: os.path.exists(self.socket))
        return self

    def __exit__(self, *why):
        self.daemon.end()

    def add_submission(self, certificate, key):
        """Adds a submission service to the running Postfix, and returns its port."""
        service = "127.0.0.1:%d" % free_port()
        options = {"syslog_name": "postfix/submission", "smtpd_tls_security_level": "encrypt", "smtpd_tls_cert_file": certificate,
                   "smtpd_tls_key_file": key, "smtpd_sasl_auth_enable": "yes", "smtpd_sasl_type": "dovecot", "smtpd_sasl_path": "private/auth",
                   "smtpd_sasl_authenticated_header": "yes", "smtpd_error_sleep_time": "0", "smtpd_client_restrictions": "permit_sasl_authenticated,reject",
                   "smtpd_relay_restrictions": "permit_sasl_authenticated,reject"}
        self.postfix.postconf("-M", "-e", "%s/inet=%s inet n - n - - smtpd" % (service, service))
        self.postfix.postconf("-P", "-e", *("%s/inet/%s=%s" % (service, name, value) for name, value in options.items()))
        self.postfix.reload()
        port = int(service.rpartition(":")[2])
        wait_until(lambda: self._greets(port), 10, "the submission service")
        return port

    def _greets(self, port):
        here = self.postfix.port
        self.postfix.port = port
        try:
            return self.postfix.answers()
        finally:
            self.postfix.port = here
