#!/bin/sh
# Installs the peers that `make bench` measures beside Rollcall, and what tells where time goes, with apt-get; no service is started (test/lab/deps.sh).
set -eu

# Without an answer Sympa's package looks for a database server and takes the machine's name for a mail domain, and then fails.
if ! dpkg-query -W sympa >/dev/null 2>&1; then
	as_root=
	[ "$(id -u)" -eq 0 ] || as_root=sudo
	[ -x /usr/bin/debconf-set-selections ] && $as_root debconf-set-selections <<-END
		sympa sympa/hostname string lists.example.org
		sympa sympa/listmaster string listmaster@lists.example.org
		sympa sympa/dbconfig-install boolean true
		sympa sympa/database-type select sqlite3
	END
fi
exec sh "$(dirname "$0")/../lab/deps.sh" mlmmj mailman3 sympa linux-perf strace
