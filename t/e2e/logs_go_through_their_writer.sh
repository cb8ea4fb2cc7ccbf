#!/usr/bin/env bash
# ocardslogwriter keeps one log of each process. While it is dead the processes write themselves, and nobody waits for it.
source "$(dirname "$0")/lib.sh"
start
[ -S "$OCA_HOME/log/ocardslogwriter.sock" ]
oca container --add --name first >/dev/null
eventually 5 grep -q ' change .*target=first ' "$OCA_HOME/log/ocaconfigsvc.log"

allow_log ' process_ended name=ocardslogwriter ' ' log_lines_dropped '
watchers STOP
read -r writer <"$OCA_HOME/run/ocardslogwriter.pid"
kill -KILL "$writer"
eventually 20 ended "$writer"
oca container --add --name second >/dev/null
grep -q ' change .*target=second ' "$OCA_HOME/log/ocaconfigsvc.log" || fail "the line is lost"

start
oca container --add --name third >/dev/null
eventually 5 grep -q ' change .*target=third ' "$OCA_HOME/log/ocaconfigsvc.log"
stop
[ "$(grep -c ' change .*method=AddContainer ' "$OCA_HOME/log/ocaconfigsvc.log")" = 4 ] # and demo
[ ! -e "$OCA_HOME/log/ocardslogwriter.sock" ]
