#!/usr/bin/env bash
# Archives of one tree, made again after every file's times changed, cost their headers; all read back identical, also after a crash, and
# a container without markers stores the same archive nearly whole. The statistics say what was recognised.
source "$(dirname "$0")/lib.sh"
start
c=$(container archives)
cp -r "$tree" "$tmp/tree"
# archive <name> <format> <date>: of the tree, every file's time set.
archive() {
  find "$tmp/tree" -exec touch -h -d "$3" {} +
  tar --format="$2" --sort=name --owner=root --group=root -C "$tmp" -cf "$tmp/$1" tree
}
stored() { group_stat post_dedupe_bytes; }
for format in v7 ustar gnu pax; do
  archive "$format.1" "$format" "2024-01-02 03:04:05.678"
  archive "$format.2" "$format" "2025-06-07 08:09:10.112"
  cmp -s "$tmp/$format.1" "$tmp/$format.2" && fail "$format: the archives do not differ"
  dd if="$tmp/$format.1" of="$c/$format.1" bs=10240 status=none
  sync "$c/$format.1"
  before=$(stored)
  dd if="$tmp/$format.2" of="$c/$format.2" bs=1M status=none
  sync "$c/$format.2"
  new=$(($(stored) - before))
  headers=$(($(tar -tf "$tmp/$format.2" | wc -l) * 512))
  [ "$format" != pax ] || headers=$((3 * headers))
  [ "$new" -lt $((headers * 3 / 2)) ] || fail "$format: $new new bytes for $headers bytes of headers"
done

# What was recognised is told; nothing is where markers are off.
field . stats --container --name archives >"$tmp/stats"
for format in v7 ustar gnu pax; do
  [ "$(jq -r ".recognised_formats[] | select(.format == \"tar-$format\") | .streams" "$tmp/stats")" = 2 ] ||
    fail "$format: $(cat "$tmp/stats")"
done
[ "$(jq -r .marker "$tmp/stats")" = auto ] || fail "$(cat "$tmp/stats")"
[ "$(jq -r .recognised_header_bytes "$tmp/stats")" -gt "$headers" ] || fail "$(cat "$tmp/stats")"
oca storage_group --add --name plain >/dev/null
oca container --add --name off --group plain --marker none >/dev/null
for i in 1 2; do
  cp "$tmp/gnu.$i" "$mnt/off/$i"
  sync "$mnt/off/$i"
  off[i]=$(group_stat post_dedupe_bytes plain)
done
[ $((off[2] - off[1])) -gt $((off[1] / 4)) ] || fail "without markers the second archive costs ${off[2]} - ${off[1]}"
[ "$(field .recognised_headers stats --container --name off)" = 0 ] || fail "recognised with marker none"
[ "$(field .marker container --update --name off --marker tar)" = tar ] || fail "the marker cannot be changed"
cp "$tmp/gnu.1" "$mnt/off/3"
sync "$mnt/off/3"
[ "$(field .recognised_headers stats --container --name off)" -gt 100 ] || fail "nothing recognised after the update"
oca container --update --name off --marker zip 2>"$tmp/error" && fail "an unknown marker is taken"
grep -q "'zip' is no marker: auto, none or tar" "$tmp/error" || fail "$(cat "$tmp/error")"

# Appended to, overwritten in the middle, cut and copied by reference: as the same done to a plain file.
change() {
  tar --format=gnu -C "$tmp" -rf "$1" tree
  dd if="$tmp/pax.1" of="$1" bs=1000 seek=3333 count=77 conv=notrunc status=none
  truncate -s -4444 "$1"
  cat "$tmp/v7.1" >>"$1"
}
cp "$tmp/gnu.1" "$tmp/changed"
cp --reflink=never "$c/gnu.1" "$c/changed"
change "$tmp/changed"
change "$c/changed"
cmp "$tmp/changed" "$c/changed"
sync "$c/changed"
kill_ocafsd
start
cmp "$tmp/changed" "$c/changed"
reclaim
scan verify_data
stop
start
for format in v7 ustar gnu pax; do
  for i in 1 2; do cmp "$tmp/$format.$i" "$c/$format.$i"; done
done
cmp "$tmp/changed" "$c/changed"
cmp "$tmp/gnu.2" "$mnt/off/2"
cmp "$tmp/gnu.1" "$mnt/off/3"
[ "$(field .marker container --show --name off)" = tar ] || fail "the marker is forgotten"
