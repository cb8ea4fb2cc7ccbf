#!/usr/bin/env bash
# Each process is killed, and both watchers at once: within 10 s everything serves again, with one instance of each; a mount whose ocafsd
# was not killed never flickers.
source "$(dirname "$0")/lib.sh"
start
allow_log ' process_ended name=' ' keeper_started ' ' stale_mount_removed ' ' configuration_not_confirmed '
c=$(container watched)
echo here >"$c/f"
sync "$c/f"
names=(ocardslogwriter oca_idm_eda postgresql ocafsd ocaconfigsvc ocavtl ocahttp nhm ocamonitor watcher watcher_spawn)

pid_of_part() { "$OCA_TOP/etc/oca-appliance" status --home "$OCA_HOME" --bin "$OCA_BIN" | sed -n "s/^$1: runs (process \([0-9]*\))/\1/p"; }
# instances <name>: how many processes of this home run the program. A child of PostgreSQL's server is none.
instances() {
  local pid count=0
  for pid in $(pgrep -f "$OCA_HOME" || true); do
    [ "$(readlink "/proc/$pid/exe")" = "$OCA_BIN/$1" ] && count=$((count + 1))
  done
  echo $count
}
# all_new <name> <old pid>...: everything serves, and the killed ones have other numbers.
serves() {
  local name
  for name in "${names[@]}"; do [ -n "$(pid_of_part "$name")" ] || return 1; done
  oca system --wait --timeout 1 >/dev/null 2>&1 && [ "$(cat "$c/f" 2>/dev/null)" = here ]
}
# kill_and_wait <name>...: at once; back within 10 s.
kill_and_wait() {
  local name pids=()
  for name in "$@"; do pids+=("$(pid_of_part "$name")"); done
  kill -KILL "${pids[@]}"
  for name in "${pids[@]}"; do eventually 10 ended "$name"; done
  eventually 10 serves
  for name in ocardslogwriter oca_idm_eda ocafsd ocaconfigsvc ocavtl ocahttp nhm ocamonitor watcher watcher_spawn; do
    [ "$(instances "$name")" = 1 ] || fail "after $*: $(instances "$name") instances of $name"
  done
}

# Reads the file all the time, and says when it once cannot.
touch "$tmp/reading"
( while [ -e "$tmp/reading" ]; do [ "$(cat "$c/f" 2>&1)" = here ] || echo flicker >>"$tmp/flickers"; done ) &
reader=$!
mount_id() { awk -v m="$mnt" '$5 == m {print $1}' /proc/self/mountinfo; }
mounted=$(mount_id)
for victims in ocardslogwriter ocaconfigsvc ocavtl postgresql ocahttp nhm ocamonitor oca_idm_eda watcher watcher_spawn 'watcher watcher_spawn' 'watcher ocaconfigsvc' 'watcher watcher_spawn postgresql'; do
  # shellcheck disable=SC2086  # one word each
  kill_and_wait $victims
done
rm "$tmp/reading"
wait "$reader"
[ ! -e "$tmp/flickers" ] || fail "the mount flickered $(wc -l <"$tmp/flickers") times"
[ "$(mount_id)" = "$mounted" ] || fail "another mount: $(mount_id), not $mounted"
kill_and_wait ocafsd
kill_and_wait ocafsd watcher watcher_spawn
container after >/dev/null
# Every process knows its home.
for name in "${names[@]}"; do
  tr '\0' '\n' <"/proc/$(pid_of_part "$name")/environ" | grep -qx "OCA_HOME=$OCA_HOME" || fail "$name does not know its home"
done
stop
# The last stop is in reverse order.
order=$(sed -n 's/.* process_stopped name=\([a-z_]*\) .*/\1/p' "$OCA_HOME/log/watcher.log" | tail -n 9 | xargs)
[ "$order" = "ocamonitor nhm ocahttp ocavtl ocaconfigsvc ocafsd postgresql oca_idm_eda ocardslogwriter" ] || fail "stopped in the order: $order"
