#!/usr/bin/env bash
# Two appliances with different homes know nothing of one another.
source "$(dirname "$0")/lib.sh"
start
container one >/dev/null
echo first >"$mnt/one/f"
(
  export OCA_HOME=$OCA_WORK/h2
  start
  oca container --add --name one >/dev/null
  [ ! -e "$OCA_HOME/mnt/one/f" ] || fail "the second home shows files of the first"
  echo second >"$OCA_HOME/mnt/one/f"
  stop
)
[ "$(cat "$mnt/one/f")" = first ]
