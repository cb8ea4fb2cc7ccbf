#!/usr/bin/env bash
# A process that cannot run is not started for ever: the log, status and start say so, the others serve; start tries again.
source "$(dirname "$0")/lib.sh"
mkdir -p "$OCA_HOME"
good='[watcher]
give_up_after = 3'
echo "$good" >"$OCA_HOME/oca.toml"
start
c=$(container served)
allow_log ' process_ended name=ocaconfigsvc ' ' process_given_up name=ocaconfigsvc ' ' cannot_serve '
# What runs does not notice; what starts refuses it.
echo 'nonsense = 1' >>"$OCA_HOME/oca.toml"
kill -KILL "$(pid_of ocaconfigsvc)"
given_up() { grep -qs '^ocaconfigsvc given_up' "$OCA_HOME/run/watcher.status"; }
eventually 30 given_up
eventually 5 grep -q ' E watcher\[[0-9]*\] process_given_up name=ocaconfigsvc .*exit code 1' "$OCA_HOME/log/watcher.log"
code=0
appliance status >"$tmp/status" || code=$?
if [ $code != 3 ] || ! grep -q '^ocaconfigsvc: given up' "$tmp/status"; then fail "status: $code $(cat "$tmp/status")"; fi
echo x >"$c/f" # the others serve
expect_error 1 'ocaconfigsvc ends again and again' appliance start
grep -q 'nonsense' "$tmp/err" || fail "start does not say why: $(cat "$tmp/err")"
echo "$good" >"$OCA_HOME/oca.toml"
start
[ "$(cat "$c/f")" = x ]
oca container --show >/dev/null
