"""What the peers have in common: a directory, a box, posts as files, memory."""
import os
import shutil

from arena import pss_of
from box import Client
from lab.crm import member
from lab.postfix import DOMAIN


class Base:
    """A subclass has `name`, `user`, `posts` (in one round), `about` (for the report), set_up(), and feed(members, posts) -> when it began."""

    binds = ()

    def __init__(self, arena, sizes):
        self.arena, self.sizes = arena, sizes
        self.directory = os.path.join(arena.directory, self.name)
        self.port = arena.world.postfix.port
        self.box = None
        self._count = 0

    def __enter__(self):
        os.mkdir(self.directory)
        shutil.chown(self.directory, self.user)
        try:
            self.prepare()
            self.box = Client(self.user, self.binds)
            self.set_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *why):
        if self.box:
            self.box.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def prepare(self):
        """Before the box is made."""

    def set_up(self):
        """Once the box is there."""

    @staticmethod
    def list_name(members):
        return "peer%d" % members

    def list_address(self, members):
        return "%s@%s" % (self.list_name(members), DOMAIN)

    @staticmethod
    def members(count):
        return [member(i) for i in range(1, count + 1)]

    def post_files(self, members, count):
        """So many posts to the list, each with numbers of its own, as files; their paths."""
        text, paths = self.arena.post(self.list_name(members)), []
        for place in range(count):
            self._count += 1
            paths.append(os.path.join(self.directory, "post.%d" % place))
            with open(paths[-1], "wb") as f:
                f.write(text.replace(b"@" * 16, b"%016d" % self._count))
        return paths

    def file(self, name, text, mode=0o644):
        path = os.path.join(self.directory, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)
        shutil.chown(path, self.user)
        os.chmod(path, mode)
        return path

    def run(self, commands, width=1):
        answer = self.box.ask(run=commands, width=width)
        if answer["failed"]:
            raise RuntimeError("%s: %d of %d commands failed: %s" % (self.name, answer["failed"], len(commands), commands[0]))
        return answer["start"]

    def cpu(self):
        return self.box.ask(cpu=1)["cpu"]

    def memory(self):
        return sum(map(pss_of, self.box.ask(cpu=1)["pids"])) / 1024
