#!/usr/bin/env bash
# Installs the packages of etc/deps.list that are missing. Silent when there is nothing to do.
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t wanted < <(sed -e 's/#.*//' -e 's/[[:space:]]*$//' -e '/^$/d' etc/deps.list | sort -u)

# dpkg-query fails when it does not know some of the names; the answer for the others still stands.
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null |
  sed -n 's/^installed //p' | sort -u) || true
mapfile -t missing < <(comm -23 <(printf '%s\n' "${wanted[@]}") <(printf '%s\n' "$installed"))
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" != 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "make deps: these packages are missing, and neither root nor sudo is at hand. Run as root:" >&2
    echo "  apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@"
}

# A package of a service (sshd) shall not start it here and now. Debian asks this program, where there is one.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" sh -c "cat >$policy && chmod 755 $policy"
  trap '"${as_root[@]}" rm -f $policy' EXIT
fi

echo "make deps: installing ${#missing[@]} Debian packages: ${missing[*]}"
# An old or empty package list is the only reason to fetch a new one.
if ! apt install --no-install-recommends "${missing[@]}" >/dev/null 2>&1; then
  echo "make deps: updating the package lists first"
  apt update
  apt install --no-install-recommends "${missing[@]}"
fi
