#!/usr/bin/env bash
# What was written, without any sync, is there after stop and start; so are groups, containers and counters.
source "$(dirname "$0")/lib.sh"
start
oca storage_group --add --name g2 --compression_mode best --quota 1GiB >/dev/null
c=$(container keep g2)
cp -a "$tree" "$c/"
mkdir "$c/d"
ln "$(find "$c/perl" -name strict.pm)" "$c/d/hard"
ln -s nowhere "$c/d/soft"
listing "$c" >"$tmp/before"
before=$(oca stats --storage_group --name g2 --json | jq '[.current_bytes, .post_dedupe_bytes, .total_inodes]')
stop
[ -z "$(ls -A "$mnt" 2>/dev/null)" ] || fail "the mount is not empty after stop"
start
diff "$tmp/before" <(listing "$c")
diff -r --no-dereference "$tree" "$c/perl"
after=$(oca stats --storage_group --name g2 --json | jq '[.current_bytes, .post_dedupe_bytes, .total_inodes]')
[ "$before" = "$after" ] || fail "counters: $before, then $after"
[ "$(field .compression_mode storage_group --show --name g2)" = best ]
