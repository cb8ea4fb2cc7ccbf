#!/usr/bin/env bash
# The second copy of a tree adds its names and one recipe root each, no contents; both read back identical, also from disk.
source "$(dirname "$0")/lib.sh"
start
c=$(container backups)
cp -a "$tree" "$c/one"
sync "$c/one"
first=$(group_stat post_compression_bytes)
current=$(group_stat current_bytes)
cp -a "$tree" "$c/two"
sync "$c/two"
second=$(group_stat post_compression_bytes)
[ "$first" -gt 0 ] || fail "the first copy stored nothing"
[ "$first" -lt "$current" ] || fail "the first copy stored $first bytes of $current"
[ $((second - first)) -lt $((current / 100)) ] || fail "second copy: $((second - first)) of $current bytes"
[ "$(group_stat current_bytes)" = $((2 * current)) ] || fail "current bytes are not twice $current"
same_tree "$tree" "$c/one"
same_tree "$tree" "$c/two"
stop
start
same_tree "$tree" "$c/one"
same_tree "$tree" "$c/two"
