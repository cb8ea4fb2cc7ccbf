#!/usr/bin/env bash
# A cleaner that does not start itself otherwise runs in the windows that oca schedule gives it.
source "$(dirname "$0")/lib.sh"
mkdir -p "$OCA_HOME"
printf '[fs]\ncommit_interval_ms = 500\n[cleaner]\nautomatic = false\nidle_seconds = 1\n' >"$OCA_HOME/oca.toml"
start
c=$(container r)
for i in 1 2 3; do random_file "$c/f$i" 10000000; done
sync "$c/f3"
full=$(group_stat physical_bytes)
rm "$c/f1" "$c/f3"
oca schedule --show --cleaner | grep -q 'no windows' || fail "windows that nobody made"
expect_error 2 'two windows' oca schedule --add --cleaner --day mon --start_time 22:00 --stop_time 04:00
expect_error 2 'no day' oca schedule --add --cleaner --day someday
[ "$(field '.cleaner | length' schedule --add --cleaner --day all)" = 7 ] || fail "not every day has a window"
has_run() { field '.state == "done" and .automatic and .packs_removed > 0' stats --cleaner >/dev/null; }
eventually 60 has_run
[ $((full - $(group_stat physical_bytes))) -gt 19000000 ] || fail "the space is not back: $(oca stats --cleaner)"
field '.cleaner | map(select(.day == "sunday")) == []' schedule --delete --cleaner --day sun >/dev/null
kill_ocafsd
start
oca schedule --show | grep -qE 'saturday +00:00 +24:00' || fail "the schedule is lost: $(oca schedule --show)"
field '.cleaner == []' schedule --delete --cleaner --day all >/dev/null
scan verify_data
