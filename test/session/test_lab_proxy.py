"""The proxy between the CRM and its reader must really do the harm that tests ask of it."""
import os
import time

import pytest

from lab.process import run
from lab.proxy import Proxy, strip_tls


@pytest.fixture
def proxy(mariadb):
    with Proxy(mariadb.port) as between:
        yield between


def ask(crm, proxy, directory, sql="SELECT * FROM mailinglists_api WHERE list = 'big'", **changes):
    file = crm.option_file(os.path.join(directory, "crm.cnf"), port=proxy.port, connect_timeout=2, **changes)
    done = run(crm.client(file, "--batch", "--skip-column-names", "--quick", "-e", sql), check=False)
    return done.returncode, done.stdout


def test_it_hands_on_what_it_gets(crm, proxy, lab_directory):
    crm.fill("big", 5000)
    code, text = ask(crm, proxy, lab_directory)
    assert code == 0 and text.count("\n") == 5000
    assert proxy.connections == 1 and proxy.received > 5000 * 40
    assert b"mlist" not in proxy.sent, "the user's name went out before TLS"


@pytest.mark.parametrize("part", [0.0, 0.3, 0.9, 0.999])
def test_a_cut_is_an_error_at_any_point(crm, proxy, lab_directory, part):
    crm.fill("big", 5000)
    assert ask(crm, proxy, lab_directory)[0] == 0
    proxy.cut_after = int(proxy.received * part)
    code, text = ask(crm, proxy, lab_directory)
    assert code != 0 and text.count("@") < 5000


def test_a_stall_is_silence(crm, proxy, lab_directory):
    proxy.stall_after = 0
    started = time.monotonic()
    assert ask(crm, proxy, lab_directory)[0] != 0
    assert time.monotonic() - started > 1.5


def test_stripped_tls_looks_like_a_server_without(crm, proxy, lab_directory):
    proxy.edit = strip_tls
    code, text = ask(crm, proxy, lab_directory)
    assert code != 0 and "does not support" in text
    assert b"mlist" not in proxy.sent
    code, text = ask(crm, proxy, lab_directory, ssl_ca=None, ssl_verify_server_cert=None, skip_ssl=True)
    assert code != 0 and b"mlist" in proxy.sent, "a careless client does send its name: the test above can fail"
