#!/usr/bin/env bash
# A storage path is emptied while the appliance runs and is killed, then removed; called off it stays; lost it can be given up, and only then a
# storage group that may have lain there be deleted.
source "$(dirname "$0")/lib.sh"
two=$OCA_WORK/two
mkdir -p "$two" "$OCA_HOME/data"
mount -t tmpfs -o size=700m tmpfs "$OCA_HOME/data"
mount -t tmpfs -o size=400m tmpfs "$two"
state() { field ".paths[1].state" system --storage --show; }
is() { [ "$(state)" = "$1" ]; }
removed() { [ "$(field '.paths | length' system --storage --show)" = 1 ]; }
packs() { find "$1" -name '*.pack' | wc -l; }
allow_log ' storage_path_missing ' ' storage_path_given_up ' 'storage path .* is missing' 'recovering a pack' 'written elsewhere' \
  'not in its storage path any more' 'the scan found a fault'

start
c=$(container c)
random_file "$tmp/one" 30000000
cp "$tmp/one" "$c/one"
sync "$c/one"
oca system --storage --add --path "$two"
random_file "$tmp/two" 80000000
cp "$tmp/two" "$c/two"
sync "$c/two"
[ "$(packs "$two")" -gt 0 ] || fail "no packs in the path"

expect_error 2 'yes' oca system --storage --remove --path "$two"
expect_error 3 'no storage path' oca system --storage --remove --path /etc --yes
expect_error 2 'only a path that is missing' oca system --storage --remove --path "$two" --force --yes

# No room elsewhere.
free=$(df --output=avail -B1 "$OCA_HOME/data" | tail -n 1)
fallocate -l $((free - 30000000)) "$OCA_HOME/data/filler" # less is left than the reserve
expect_error 1 'have room for' oca system --storage --remove --path "$two" --yes
is online || is full || fail "refused, and yet: $(oca system --storage --show)"
rm "$OCA_HOME/data/filler"

# Called off, by adding it again.
oca system --storage --remove --path "$two" --yes
if ! removed; then oca system --storage --add --path "$two" || removed; fi
if removed; then oca system --storage --add --path "$two"; fi
eventually 20 is online
cmp "$tmp/one" "$c/one"
cmp "$tmp/two" "$c/two"

# Over a crash.
random_file "$tmp/three" 60000000
cp "$tmp/three" "$c/three"
sync "$c/three"
[ "$(packs "$two")" -gt 0 ] || fail "no packs in the path"
oca system --storage --remove --path "$two" --yes
kill_ocafsd
start
eventually 120 removed
[ "$(packs "$two")" = 0 ] || fail "packs are left in $two"
empty() { [ -z "$(ls -A "$two")" ]; }
eventually 20 empty
for name in one two three; do cmp "$tmp/$name" "$c/$name"; done
umount "$two"
scan verify_data
stop
"$OCA_BIN/ofsck" --home "$OCA_HOME" || fail "ofsck finds faults"
start
for name in one two three; do cmp "$tmp/$name" "$c/$name"; done

# Lost for good.
mount -t tmpfs -o size=400m tmpfs "$two"
oca system --storage --add --path "$two"
oca storage_group --add --name other >/dev/null
umount -l "$two"
eventually 20 is missing
expect_error 4 'bring it back' oca system --storage --remove --path "$two" --yes
expect_error 4 'storage --remove --path DIR --force' oca storage_group --delete --name other --yes
oca system --storage --remove --path "$two" --force --yes
removed || fail "$(oca system --storage --show)"
oca storage_group --delete --name other --yes
for name in one two three; do cmp "$tmp/$name" "$c/$name"; done
stop
umount "$OCA_HOME/data"
