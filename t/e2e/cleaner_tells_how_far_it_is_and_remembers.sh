#!/usr/bin/env bash
# The cleaner's stats while it runs beside a writer, after it, after a stop and start, and after a crash.
source "$(dirname "$0")/lib.sh"
start
c=$(container r)
for i in $(seq 60); do random_file "$tmp/f" 3000000 && cp "$tmp/f" "$c/f$i"; done
sync "$c/f60"
[ "$(field '.state + .phase' stats --cleaner)" = idle ] || fail "before the first run: $(oca stats --cleaner --json)"
full=$(group_stat physical_bytes)
rm "$c"/f*[02468]
touch "$tmp/write"
{ while [ -e "$tmp/write" ]; do head -c 1000000 /dev/urandom >"$c/written"; done; } &
oca maintenance --filesystem --reclaim_space --no_wait >/dev/null
under_way() {
  field '.state == "running" and .phase == "sweep" and .progress_percent > 0 and .progress_percent < 100 and
    .seconds_left > 0 and .reclaimable_bytes > 0 and .debt_bytes > 0 and .bytes_reclaimed > 0' stats --cleaner >/dev/null
}
eventually 60 under_way
oca stats --cleaner >"$tmp/text"
for line in 'State +: running' 'Phase +: sweep, [0-9]+ %' 'Reclaimable' 'Debt' 'Time To Finish +: [0-9]+ s' 'Bytes Reclaimed' 'Longest Pause'; do
  grep -qE "$line" "$tmp/text" || fail "no '$line' in: $(cat "$tmp/text")"
done
eventually 120 cleaner_ended
rm "$tmp/write"
wait
[ "$(field '.state == "done" and .phase == "" and .longest_pause_ms < 100 and .bytes_reclaimed > 80000000' stats --cleaner)" = true ] ||
  fail "after the run: $(oca stats --cleaner --json)"
reclaim # what the writer left behind
[ "$(field '.debt_bytes == 0 and .seconds_left == 0' stats --cleaner)" = true ] || fail "nothing is left: $(oca stats --cleaner --json)"
[ $((full - $(group_stat physical_bytes))) -gt 85000000 ] || fail "of 90000000 bytes $((full - $(group_stat physical_bytes))) are back"

# What was deleted and not looked at yet is known after a stop and start; the next run looks at that only.
rm "$c"/f*[13]
stop
start
[ "$(field '.debt_bytes >= 30000000' stats --cleaner)" = true ] || fail "the debt is forgotten: $(oca stats --cleaner --json)"
less=$(group_stat physical_bytes)
reclaim
[ "$(field '.whole == false and .recipes_counted < 20' stats --cleaner)" = true ] || fail "counted anew: $(oca stats --cleaner --json)"
[ $((less - $(group_stat physical_bytes))) -gt 34000000 ] || fail "of 36000000 bytes $((less - $(group_stat physical_bytes))) are back"

# A crash costs a whole count, and nothing else.
kill_ocafsd
start
reclaim
[ "$(field '.whole and .packs_removed == 0' stats --cleaner)" = true ] || fail "after a crash: $(oca stats --cleaner --json)"
scan verify_data
