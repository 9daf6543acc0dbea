"""Fixtures for test/session and test/e2e: each hands out real programs in a temporary directory and ends them afterwards."""
import pytest

from lab.crm import Crm
from lab.mariadb import MariaDB
from lab.postfix import Postfix
from lab.process import directory, tidy_signals
from lab.sink import Sink
from lab.world import World


def pytest_configure(config):
    tidy_signals()


@pytest.fixture
def lab_directory():
    with directory() as path:
        yield path


@pytest.fixture
def mariadb(lab_directory):
    """A fresh MariaDB with TLS, running and empty."""
    with MariaDB(lab_directory) as server:
        yield server


@pytest.fixture
def crm(mariadb):
    """The sample CRM in a fresh MariaDB."""
    return Crm(mariadb)


@pytest.fixture
def sink(lab_directory):
    """An SMTP server that takes everything and writes it down."""
    with Sink(lab_directory) as server:
        yield server


@pytest.fixture
def postfix(lab_directory, sink):
    """A fresh Postfix whose mail leaves to the sink; Rollcall is not applied yet."""
    with Postfix(lab_directory, sink.port) as server:
        yield server


@pytest.fixture
def world():
    """The whole of it: the sample CRM, Postfix, a sink and Rollcall, all running."""
    with World() as everything:
        yield everything
