#!/bin/sh
# deps.sh PACKAGE …: installs those Debian packages that are missing, with apt-get, and does nothing else.
# Postfix and MariaDB are wanted as programs for private instances, not as services of this machine, so
# their packages are kept from starting a daemon by a policy-rc.d that exists only while apt-get runs.
set -eu

missing=
for package in "$@"; do
	status=$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null || true)
	[ "$status" = 'ii ' ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
	sudo=
elif command -v sudo >/dev/null; then
	sudo=sudo
else
	echo "these Debian packages are missing, and neither root nor sudo is here to install them:$missing" >&2
	exit 1
fi

echo "installing:$missing"
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	trap '$sudo rm -f "$policy"' EXIT
	printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" >/dev/null
	$sudo chmod 0755 "$policy"
fi
log=$(mktemp)
# shellcheck disable=SC2086 # both lists are meant to be split
if ! { $sudo apt-get -q update && $sudo env DEBIAN_FRONTEND=noninteractive \
	apt-get -q -y --no-install-recommends install $missing; } >"$log" 2>&1; then
	cat "$log" >&2
	exit 1
fi
rm -f "$log"
