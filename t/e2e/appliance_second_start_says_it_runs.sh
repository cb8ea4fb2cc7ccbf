#!/usr/bin/env bash
# Starting what runs changes nothing, says so and succeeds; so does stopping what is stopped.
source "$(dirname "$0")/lib.sh"
start
pid=$(pid_of ocafsd)
appliance start >"$tmp/again" 2>&1
grep -qi 'run' "$tmp/again" || fail "the second start does not say that it runs: $(cat "$tmp/again")"
[ "$(pid_of ocafsd)" = "$pid" ] || fail "the second start made another ocafsd"
appliance status
stop
stop
