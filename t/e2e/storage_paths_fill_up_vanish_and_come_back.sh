#!/usr/bin/env bash
# A second storage path takes packs while the appliance runs; full it takes no more; unmounted it takes along what lies there alone, and
# everything else goes on; mounted again it is whole.
source "$(dirname "$0")/lib.sh"
two=$OCA_WORK/two
disk=$OCA_WORK/disk
mkdir -p "$disk" "$two" "$OCA_HOME/data"
mount -t tmpfs -o size=400m tmpfs "$OCA_HOME/data"
mount -t tmpfs -o size=192m tmpfs "$disk"
mount --bind "$disk" "$two"
state() { field ".paths[1].state" system --storage --show; }
is() { [ "$(state)" = "$1" ]; }
allow_log ' storage_path_missing ' 'written elsewhere' 'a damaged group of chunks was found' 'the scan found a fault' 'storage path .* is missing' 'recovering a pack'

start
c=$(container c)
random_file "$tmp/before" 20000000
cp "$tmp/before" "$c/before"
sync "$c/before"

expect_error 2 'give the|Folder|--path' oca system --storage --add
expect_error 3 'No such file' oca system --storage --add --path "$OCA_WORK/nowhere"
expect_error 2 'not empty' oca system --storage --add --path /etc
oca system --storage --add --path "$two"
is online || fail "the path is not online: $(oca system --storage --show)"
expect_error 4 'already' oca system --storage --add --path "$two"
oca system --storage --show | grep -q "$two"
oca system --show --storage | grep -q "$two"

random_file "$tmp/after" 60000000
cp "$tmp/after" "$c/after"
sync "$c/after"
[ "$(field '.paths[1].packs' system --storage --show)" -gt 0 ] || fail "no packs in the path"

# Full: the next ones go elsewhere.
dd if=/dev/zero of="$two/filler" bs=1M 2>/dev/null || true
random_file "$tmp/more" 40000000
cp "$tmp/more" "$c/more"
sync "$c/more"
is full || fail "the path is not full: $(oca system --storage --show)"
rm "$two/filler"

# Gone, with data on the way there.
cp "$tmp/more" "$c/before-loss"
umount -l "$two"
sync "$c/before-loss"
eventually 20 is missing
cmp "$tmp/before" "$c/before"
echo 3 >/proc/sys/vm/drop_caches || true
stop
start
is missing || fail "an empty folder passes for the path"
cmp "$tmp/before" "$c/before"
if cat "$c/after" >/dev/null 2>"$tmp/err"; then fail "what lies in a missing path can be read"; fi
grep -q 'Input/output error' "$tmp/err" || fail "not EIO: $(cat "$tmp/err")"
random_file "$tmp/while" 20000000
cp "$tmp/while" "$c/while"
sync "$c/while"
cmp "$tmp/while" "$c/while"
rm "$c/more"
reclaim
# The same data again is stored anew: nothing counts on what is away.
cp "$tmp/after" "$c/again"
sync "$c/again"
cmp "$tmp/after" "$c/again"
cmp "$tmp/after" "$c/after"

# Back.
mount --bind "$disk" "$two"
oca system --storage --rescan | grep -q online
for name in before after while; do cmp "$tmp/$name" "$c/$name"; done
cmp "$tmp/more" "$c/before-loss"
reclaim
scan verify_data
random_file "$tmp/last" 40000000
cp "$tmp/last" "$c/last"
sync "$c/last"
stop
"$OCA_BIN/ofsck" --home "$OCA_HOME" || fail "ofsck finds faults"
pack=$(find "$two" -name '*.pack' -size +64k -print -quit)
flip_bit "$pack" 5000
if "$OCA_BIN/ofsck" --home "$OCA_HOME" >"$tmp/ofsck"; then fail "ofsck does not read the storage path"; fi
grep -q '^fault: ' "$tmp/ofsck" || fail "$(cat "$tmp/ofsck")"
flip_bit "$pack" 5000
start
cmp "$tmp/after" "$c/after"
stop
umount "$two"
umount "$disk"
umount "$OCA_HOME/data"
