#!/usr/bin/env bash
# Installs the packages of etc/deps.list that are missing. Silent when there is nothing to do.
set -euo pipefail
cd "$(dirname "$0")/.."

lines() { sed -e 's/#.*//' -e 's/[[:space:]]*$//' -e '/^$/d' etc/deps.list | sort -u; }
mapfile -t wanted < <(lines | grep -v '^unpack:')
mapfile -t unpacked < <(lines | sed -n 's/^unpack://p')

# dpkg-query fails when it does not know some of the names; the answer for the others still stands.
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null |
  sed -n 's/^installed //p' | sort -u) || true
mapfile -t missing < <(comm -23 <(printf '%s\n' "${wanted[@]}") <(printf '%s\n' "$installed"))

as_root=()
if [ "$(id -u)" != 0 ]; then
  if command -v sudo >/dev/null; then
    as_root=(sudo)
  elif [ ${#missing[@]} -gt 0 ]; then
    echo "make deps: these packages are missing, and neither root nor sudo is at hand. Run as root:" >&2
    echo "  apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
fi
apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@"
}

# with_lists <command...>: an old or empty package list is the only reason to fetch a new one.
with_lists() {
  "$@" >/dev/null 2>&1 && return
  echo "make deps: updating the package lists first"
  apt update
  "$@"
}

# A package of a service (sshd) shall not start it here and now. Debian asks this program, where there is one.
install_missing() {
  local policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" sh -c "cat >$policy && chmod 755 $policy"
    trap '"${as_root[@]}" rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  echo "make deps: installing ${#missing[@]} Debian packages: ${missing[*]}"
  with_lists apt install --no-install-recommends "${missing[@]}"
}

# unpack <package>: into build/unpacked, with what a package without files of its own stands for.
unpack() {
  local package=$1 into=build/unpacked names
  mkdir -p $into
  rm -rf "$into/$package.part"
  mkdir "$into/$package.part"
  names=$(apt-cache depends "$package" | sed -n 's/^  Depends: \(linux-image-.*\)/\1/p')
  # shellcheck disable=SC2086  # none, or several
  (cd "$into/$package.part" && apt-get -q download "$package" $names) || return
  local deb
  for deb in "$into/$package.part"/*.deb; do dpkg-deb --extract "$deb" "$into/$package.part" && rm "$deb" || return; done
  mv "$into/$package.part" "$into/$package"
}

[ ${#missing[@]} -eq 0 ] || install_missing
for package in "${unpacked[@]}"; do
  [ -d "build/unpacked/$package" ] || { echo "make deps: unpacking $package" && with_lists unpack "$package"; }
done
