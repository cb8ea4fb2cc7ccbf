#!/usr/bin/env bash
# A run of the cleaner stores new chunks that resemble others as deltas: a second version of a tree of which every file changed a
# little takes little room, reads back identical, also cold and after a crash, and when the first version is gone; and the room of both comes back.
source "$(dirname "$0")/lib.sh"
start
c=$(container d)
cp -a "$tree" "$c/first"
cp -r "$tree" "$tmp/second"
# A line more in the middle of every file of text.
find "$tmp/second" -type f -size +3k -exec sed -i '40a # one more line' {} +
sync "$c/first"
reclaim
first=$(group_stat physical_bytes)
cp -a "$tmp/second" "$c/second"
sync "$c/second"
both=$(group_stat physical_bytes)
reclaim
less=$(group_stat physical_bytes)
saved=$(field .bytes_saved stats --cleaner)
[ "$saved" -gt $(((both - first) / 2)) ] || fail "of $((both - first)) new bytes $saved were saved"
[ $((both - less)) -gt $(((both - first) / 2)) ] || fail "$first, $both, then $less bytes"
[ "$(group_stat delta_plain_bytes)" -gt $((4 * $(group_stat delta_stored_bytes))) ] || fail "$(oca stats --storage_group --name DefaultGroup)"
oca stats --storage_group --name DefaultGroup | grep -q '^Held As Deltas *: [1-9]' || fail "$(oca stats --storage_group --name DefaultGroup)"
reclaim
[ "$(field '"\(.packs_removed) \(.bytes_copied) \(.bytes_saved)"' stats --cleaner)" = "0 0 0" ] ||
  fail "a second run: $(oca stats --cleaner)"
same_tree "$tmp/second" "$c/second"
stop
start
same_tree "$tmp/second" "$c/second"
same_tree "$tree" "$c/first"
rm -r "$c/first"
reclaim
kill_ocafsd
start
same_tree "$tmp/second" "$c/second"
scan verify_data
rm -r "$c/second"
reclaim
[ "$(group_stat delta_plain_bytes)" = 0 ] || fail "$(oca stats --storage_group --name DefaultGroup)"
[ "$(group_stat physical_bytes)" -lt $((first / 20)) ] || fail "$(group_stat physical_bytes) bytes are left"
