#!/usr/bin/env bash
# cp on the mount shares the recipe: the copy is the same bytes and stores nothing new; changing one leaves the other.
source "$(dirname "$0")/lib.sh"
start
c=$(container cow)
random_file "$tmp/data" 40000000
cp "$tmp/data" "$c/a"
sync "$c/a"
before=$(group_stat post_dedupe_bytes)
cp "$c/a" "$c/b"
sync "$c/b"
after=$(group_stat post_dedupe_bytes)
[ $((after - before)) -lt 100000 ] || fail "the copy stored $((after - before)) bytes"
cmp "$tmp/data" "$c/b"
printf changed | dd of="$c/b" bs=1 seek=20000000 conv=notrunc,fsync status=none
cmp "$tmp/data" "$c/a"
printf changed | dd of="$tmp/data" bs=1 seek=20000000 conv=notrunc status=none
cmp "$tmp/data" "$c/b"
