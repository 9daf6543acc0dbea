"""The test lab: a private MariaDB, Postfix, SMTP sink and Rollcall in one temporary directory, real programs all of them.

    from lab.world import World

    with World() as world:                                  # about a second
        world.post("chaya@mail.example.net", "deelnemers")  # a member posts by SMTP
        copies = world.copies(10)                           # what arrived at the members' sink
        assert world.dns.good_domains(copies[0].message)    # whose DKIM signatures verify

world.py has everything together; its parts stand alone too: mariadb.py, crm.py (sample people, lists, option file), postfix.py, sink.py,
rollcall.py, lmtp.py (an LMTP client), proxy.py (trouble between Rollcall and MariaDB), certs.py, dkimcheck.py, process.py.
test/conftest.py has pytest fixtures of the same names. demo.py is `make demo`. By hand:

    PYTHONPATH=test python3 -m lab.world                    # leaves a world up until Ctrl-C

Debian's packages only (deps.txt). Root is needed, because Postfix's master wants it.
"""
