#!/usr/bin/env bash
# After kill -9 of ocafsd the appliance starts again: the dead mount is replaced, what was synced is there, counters are right.
source "$(dirname "$0")/lib.sh"
start
c=$(container k)
random_file "$tmp/data" 30000000
cp "$tmp/data" "$c/synced"
cp -a "$tree" "$c/"
sync "$c/synced"
before=$(oca stats --storage_group --name DefaultGroup --json | jq '[.current_bytes, .post_dedupe_bytes, .total_inodes]')
kill_ocafsd
if ls "$c" 2>/dev/null; then fail "the mount still answers"; fi
start
[ "$(grep -c " $mnt " /proc/self/mountinfo)" = 1 ] || fail "not one mount: $(grep "$mnt" /proc/self/mountinfo)"
cmp "$tmp/data" "$c/synced"
same_tree "$tree" "$c/perl"
after=$(oca stats --storage_group --name DefaultGroup --json | jq '[.current_bytes, .post_dedupe_bytes, .total_inodes]')
[ "$before" = "$after" ] || fail "counters: $before, then $after"
scan verify_data
