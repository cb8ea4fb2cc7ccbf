#!/usr/bin/env bash
# Deleting and reclaiming gives the space back; what stays reads back; a second run changes nothing.
source "$(dirname "$0")/lib.sh"
start
c=$(container r)
for i in 1 2 3 4; do random_file "$tmp/f$i" 15000000; done
cp "$tmp"/f[1-4] "$c/"
cp -a "$tree" "$c/"
sync "$c/f4"
full=$(group_stat physical_bytes)
rm "$c/f2" "$c/f4"
debt_is_known() { field '.debt_bytes >= 30000000' stats --cleaner >/dev/null; }
eventually 30 debt_is_known
reclaim
[ "$(field '.whole == false and .debt_bytes == 0 and .longest_pause_ms < 100' stats --cleaner)" = true ] ||
  fail "after the run: $(oca stats --cleaner)"
less=$(group_stat physical_bytes)
[ $((full - less)) -gt 27000000 ] || fail "reclaimed only $((full - less)) of 30000000 bytes"
reclaim
[ "$(field '"\(.packs_removed) \(.bytes_copied)"' stats --cleaner)" = "0 0" ] || fail "a second run: $(oca stats --cleaner)"
cmp "$tmp/f1" "$c/f1"
cmp "$tmp/f3" "$c/f3"
same_tree "$tree" "$c/perl"
scan verify_data
stop
start
cmp "$tmp/f1" "$c/f1"
same_tree "$tree" "$c/perl"
