#!/usr/bin/env bash
# A damaged pack: reads are errors, never other bytes; a restart does not forget; the report names the files; repair mends a footer;
# the same data written again heals every file. Names that were changed while the daemon was down are refused, not half served.
source "$(dirname "$0")/lib.sh"
allow_log ' request_failed operation=read ' ' a damaged group of chunks was found ' ' the scan found a fault ' ' the scrub found a fault ' ' failed error=' ' a pack cannot be read '
start
c=$(container d)
random_file "$tmp/a" 3000000
random_file "$tmp/b" 3000000
cp "$tmp/a" "$c/a"
sync "$c/a"
cp "$tmp/a" "$c/copy of a"
sync "$c/copy of a"
stop

# The largest pack holds the data. One byte of a group of chunks in its middle, while nothing runs.
pack=$(find "$OCA_HOME/data/groups" -name '*.pack' -printf '%s %p\n' | sort -n | tail -1 | cut -d' ' -f2-)
flip_bit "$pack" 1000000
start
cp "$tmp/b" "$c/b"
expect_error 1 "input/output error" cat "$c/a"
expect_error 1 "faults" oca maintenance --filesystem --start_scan verify_data --wait
report=$(oca maintenance --filesystem --scan_report)
for path in '/d/a: ' '/d/copy of a: ' 'chunks lost'; do
  grep -q -- "$path" <<<"$report" || fail "no '$path' in: $report"
done
grep -q '/d/b: ' <<<"$report" && fail "an undamaged file is reported: $report"
cmp "$tmp/b" "$c/b"

kill_ocafsd # what is known of the damage outlives a crash
start
[ "$(field '.health.damaged | length' maintenance --filesystem --scan_report)" = 1 ] || fail "the quarantine was forgotten"
# What turns out to be good is used again; what does not, stays.
[ "$(field '"\(.before) \(.still_damaged)"' maintenance --filesystem --clear_quarantine --yes)" = "1 1" ] || fail "damage was let out"
flip_bit "$pack" 1000000
[ "$(field .good_again maintenance --filesystem --clear_quarantine --yes)" = 1 ] || fail "a part that is whole stays in quarantine"
cmp "$tmp/a" "$c/a"
flip_bit "$pack" 1000000
expect_error 1 "faults" oca maintenance --filesystem --start_scan verify_data --wait
cp "$tmp/a" "$c/a again"
sync "$c/a again"
for name in a "copy of a" "a again"; do cmp "$tmp/a" "$c/$name"; done
reclaim
scan verify_data
[ "$(oca maintenance --filesystem --scan_report --json | jq '.health.damaged | length')" = 0 ] || fail "the report does not clear"

# A footer, while the daemon runs.
sync "$c/b"
stop
start
pack=$(find "$OCA_HOME/data/groups" -name '*.pack' -printf '%s %p\n' | sort -n | tail -1 | cut -d' ' -f2-)
flip_bit "$pack" $(($(stat -c %s "$pack") - 40))
expect_error 1 "faults" oca maintenance --filesystem --start_scan verify_data --wait
oca maintenance --filesystem --repair_now --wait >"$tmp/repair"
grep -q "footer made anew" "$tmp/repair" || fail "not repaired: $(cat "$tmp/repair")"
oca maintenance --filesystem --repair_history --verbose >"$tmp/history"
grep -q "footer made anew" "$tmp/history" || fail "not in the history: $(cat "$tmp/history")"
scan verify_data
cmp "$tmp/a" "$c/a"
cmp "$tmp/b" "$c/b"

# Names: a log that lost its end must not pass for a crash.
cp "$tmp/b" "$c/last"
sync "$c/last"
stop
log=$(find "$OCA_HOME/data/names" -name '*.log' -size +0 | sort | tail -1)
cp "$log" "$tmp/log"
truncate -s -1 "$log"
"$OCA_BIN/ocafsd" --home "$OCA_HOME" >"$tmp/out" 2>&1 && fail "served with names that lost their end"
grep -q "$(basename "$log")" "$tmp/out" || fail "does not name the file: $(cat "$tmp/out")"
cp "$tmp/log" "$log"
mv "$OCA_HOME/data/names" "$tmp/names"
rm "$OCA_HOME/data/names.seal"
"$OCA_BIN/ocafsd" --home "$OCA_HOME" >"$tmp/out" 2>&1 && fail "served without names"
grep -q "missing or empty" "$tmp/out" || fail "does not say what is missing: $(cat "$tmp/out")"
rm -rf "$OCA_HOME/data/names"
mv "$tmp/names" "$OCA_HOME/data/names"
start
cmp "$tmp/a" "$c/a"
