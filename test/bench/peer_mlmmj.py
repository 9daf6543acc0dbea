"""mlmmj: each post goes to mlmmj-receive on stdin, as pipe(8) hands it over; it sends to Postfix by SMTP itself."""
import glob
import os
import shutil

from lab.crm import member
from lab.postfix import DOMAIN
from peer_base import Base

DIRECTORIES = ("incoming", "queue", "queue/discarded", "archive", "text", "subconf", "unsubconf", "bounce", "control", "moderation",
               "subscribers.d", "digesters.d", "requeue", "nomailsubs.d")


class Peer(Base):
    name, user, posts = "mlmmj", "nobody", 200
    about = ("Without VERP (an empty `control/verp`), which is its fastest; its default, a transaction for each member, is far slower. Only subscribers may post, "
             "a prefix, its own archive and 100 recipients in a transaction as by default.")

    def prepare(self):
        for members in self.sizes:
            self._make_list(members)
        for path, _, files in os.walk(self.directory):
            for each in [path] + [os.path.join(path, f) for f in files]:
                shutil.chown(each, self.user)

    def _make_list(self, members):
        name = self.list_name(members)
        for directory in DIRECTORIES:
            os.makedirs(os.path.join(self.directory, name, directory))
        control = {"listaddress": self.list_address(members) + "\n", "owner": "owner@%s\n" % DOMAIN, "relayhost": "127.0.0.1\n", "smtpport": "%d\n" % self.port,
                   "subonlypost": "", "verp": "", "prefix": "[%s]\n" % name,
                   "customheaders": "List-Id: <%s.%s>\nList-Post: <mailto:%s>\n" % (name, DOMAIN, self.list_address(members))}
        for setting, value in control.items():
            self.file("%s/control/%s" % (name, setting), value)
        self.file(name + "/index", "")
        for text in glob.glob("/usr/share/mlmmj/text.skel/en/*"):
            shutil.copy(text, os.path.join(self.directory, name, "text"))
        # What mlmmj-sub writes: in each file those whose address begins with its name.
        by_letter = {}
        for address in self.members(members):
            by_letter.setdefault(address[0], []).append(address)
        for letter, addresses in by_letter.items():
            self.file("%s/subscribers.d/%s" % (name, letter), "\n".join(addresses) + "\n")

    def feed(self, members, posts):
        environment = {"PATH": "/usr/bin:/bin", "SENDER": member(1), "DEFAULT": self.list_name(members), "EXTENSION": ""}
        place = os.path.join(self.directory, self.list_name(members)) + "/"
        return self.run([{"argv": ["/usr/bin/mlmmj-receive", "-L", place], "stdin": path, "env": environment}
                         for path in self.post_files(members, posts)], width=4)
