#!/usr/bin/env bash
# An administrator who shuts the filesystem down does not find it running again; start brings it back.
source "$(dirname "$0")/lib.sh"
start
c=$(container down)
echo kept >"$c/f"
pid=$(pid_of ocafsd)
allow_log ' configuration_not_confirmed '
oca maintenance --filesystem --shutdown --yes >/dev/null
eventually 60 gone "$pid"
asked_down() { grep -qs '^ocafsd asked_down 0' "$OCA_HOME/run/watcher.status"; }
eventually 10 asked_down
grep -q ' process_ended name=ocafsd ' "$OCA_HOME/log/watcher.log" && fail "it counts as a crash"
[ ! -e "$c/f" ] || fail "it is mounted"
start
[ "$(cat "$c/f")" = kept ]
