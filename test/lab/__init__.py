"""The test lab: a private MariaDB, Postfix, SMTP sink and Rollcall in one temporary directory, real programs all of them.

Test files say `from lab.world import World` and so on; test/conftest.py has the fixtures. By hand:

    PYTHONPATH=test python3 -m lab.world        # leaves a world up until Enter

Debian's packages only (deps.txt). Root is needed, because Postfix's master wants it.
"""
