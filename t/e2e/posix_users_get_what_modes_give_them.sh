#!/usr/bin/env bash
# Files belong to who makes them; modes and ACLs decide for users without rights.
source "$(dirname "$0")/lib.sh"
start
c=$(container u)
mkdir "$c/open" "$c/shut"
chmod 1777 "$c/open"
chmod 700 "$c/shut"
as_user sh -c "umask 022; echo mine >'$c/open/f'"
[ "$(stat -c %U:%a "$c/open/f")" = "$(as_user id -un):644" ]
if [ "$(id -u)" = 0 ]; then
  if as_user ls "$c/shut" 2>/dev/null; then fail "a user reads a folder of mode 700"; fi
  echo root >"$c/open/r"
  chmod 600 "$c/open/r"
  if as_user cat "$c/open/r" 2>/dev/null; then fail "a user reads a file of mode 600"; fi
  if as_user rm -f "$c/open/r" 2>/dev/null; then fail "a user removes another's file from a sticky folder"; fi
  setfacl -m u:nobody:r "$c/open/r"
  [ "$(as_user cat "$c/open/r")" = root ]
fi
