"""HyperKitty of Debian's package python3-django-hyperkitty, run privately: SQLite in a directory of its own, Django's WSGI application behind Python's
own server on loopback, no Mailman beside it, tasks done at once. Its own test settings are the base.

By hand: `/usr/bin/python3 test/lab/hyperkitty.py DIRECTORY PORT KEY`. It is no part of what the tests need: where it is not installed they say so.
"""
import importlib.util
import os
import sys
import types
import urllib.request

READY = os.path.exists("/usr/lib/python3/dist-packages/hyperkitty/views/mailman.py")


class HyperKitty:
    """`with` starts and ends it; `place` is what the setting archive says."""

    def __init__(self, parent, key="SecretArchiverAPIKey"):
        from lab.process import Daemon, free_port
        self.directory, self.key, self.port = os.path.join(parent, "hyperkitty"), key, free_port()
        os.mkdir(self.directory)
        self.url = "http://127.0.0.1:%d/hyperkitty" % self.port
        self.place = "hyperkitty:" + self.url
        self.log_file = os.path.join(self.directory, "log")
        self.daemon = Daemon("hyperkitty", self.log_file, ["/usr/bin/python3", os.path.abspath(__file__), self.directory, str(self.port), key])

    def __enter__(self):
        self.daemon.start()
        self.daemon.wait_ready(self.answers, 30)
        return self

    def __exit__(self, *why):
        self.daemon.end()

    def answers(self):
        try:
            return self.get("/api/lists/?format=json") is not None
        except OSError:
            return False

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=20) as answer:
            return answer.read().decode()


def serve(directory, port, key):
    import wsgiref.simple_server

    import django
    from django.conf import settings
    from hyperkitty.tests import settings_test as base

    values = {name: getattr(base, name) for name in dir(base) if name.isupper()}
    values.update(
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(directory, "db")}},
        ALLOWED_HOSTS=["127.0.0.1"], MAILMAN_ARCHIVER_KEY=key, MAILMAN_REST_API_URL="http://127.0.0.1:1", HYPERKITTY_BATCH_MODE=True,
        HAYSTACK_CONNECTIONS={"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}},
        HAYSTACK_SIGNAL_PROCESSOR="haystack.signals.BaseSignalProcessor", STATIC_ROOT=directory, LOGGING={"version": 1},
        # Tables straight from the models: what the migrations would end in, in a second instead of a minute.
        MIGRATION_MODULES={name.split(".")[-1]: None for name in base.INSTALLED_APPS})
    values.pop("TESTING", None)
    values["ROOT_URLCONF"] = "private_urls"
    settings.configure(**values)
    django.setup()
    from django.urls import include, path
    urls = types.ModuleType("private_urls")
    urls.urlpatterns = [path("hyperkitty/", include("hyperkitty.urls")), path("", include("django_mailman3.urls")),
                        path("accounts/", include("allauth.urls"))]
    sys.modules["private_urls"] = urls
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application
    call_command("migrate", run_syncdb=True, verbosity=0)
    with wsgiref.simple_server.make_server("127.0.0.1", port, get_wsgi_application()) as server:
        server.serve_forever()


if __name__ == "__main__":
    assert importlib.util.find_spec("hyperkitty"), "python3-django-hyperkitty is not installed"
    sys.path[0] = "/nonexistent"
    serve(sys.argv[1], int(sys.argv[2]), sys.argv[3])
