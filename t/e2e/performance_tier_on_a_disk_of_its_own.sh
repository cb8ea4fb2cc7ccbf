#!/usr/bin/env bash
# The performance tier: a disk is tested and taken, containers in it use that disk alone, with settings of their own; unmounted it takes along
# nothing else, and it is back by itself.
source "$(dirname "$0")/lib.sh"
fast=$OCA_WORK/fast
disk=$OCA_WORK/disk
mkdir -p "$fast" "$disk" "$OCA_HOME/data"
mount -t tmpfs -o size=400m tmpfs "$OCA_HOME/data"
mount -t tmpfs -o size=400m tmpfs "$disk"
mount --bind "$disk" "$fast"
state() { field ".paths[0].state" performance_tier --show; }
is() { [ "$(state)" = "$1" ]; }
packs() { find "$1" -name '*.pack' | wc -l; }
allow_log ' storage_path_missing ' 'storage path .* is missing' 'recovering a pack' 'written elsewhere' \
  "a file's changes could not be stored yet" 'a damaged group of chunks was found' \
  ' request_failed operation=read .* is in no pack'

start
expect_error 3 'performance_tier --add --path DIR' oca performance_tier --show
expect_error 3 'no performance tier' oca stats --performance_tier
expect_error 2 'performance_tier --add' oca storage_group --add --name PerformanceTier
oca performance_tier --test-iops --path "$fast"
field 'select(.passed and .sequential_iops >= 2000 and .random_iops >= 850) | .total_bytes' performance_tier --test-iops --path "$fast"
[ -z "$(ls -A "$fast")" ] || fail "the test left something: $(ls -A "$fast")"
expect_error 3 'No such file' oca performance_tier --test-iops --path "$OCA_WORK/nowhere"
oca performance_tier --add --path "$fast" --compression_mode best --quota 300MiB
expect_error 2 'performance_tier --update' oca performance_tier --add --path "$fast" --quota 200MiB
expect_error 4 'already' oca performance_tier --add --path "$fast"
expect_error 2 'performance tier' oca system --storage --add --path "$fast"
expect_error 4 'only path of the performance tier' oca system --storage --remove --path "$fast" --yes
oca performance_tier --update --compression_mode fast
[ "$(field .compression_mode performance_tier --show)" = fast ] || fail "$(oca performance_tier --show)"
[ "$(field .quota_bytes performance_tier --show)" = 314572800 ] || fail "$(oca performance_tier --show)"

oca container --add --name vm --performance_tier >/dev/null
c=$(container c)
random_file "$tmp/image" 40000000
random_file "$tmp/backup" 30000000
before=$(packs "$fast")
cp "$tmp/backup" "$c/backup"
sync "$c/backup"
[ "$(packs "$fast")" = "$before" ] || fail "another group's packs lie in the tier"
home_before=$(packs "$OCA_HOME/data")
cp "$tmp/image" "$mnt/vm/image"
sync "$mnt/vm/image"
[ "$(packs "$fast")" -gt 3 ] || fail "no packs in the tier"
[ "$(packs "$OCA_HOME/data")" = "$home_before" ] || fail "packs of the tier lie elsewhere"
[ "$(field .physical_bytes stats --performance_tier)" -gt 40000000 ] || fail "$(oca stats --performance_tier)"
oca performance_tier --show --verbose | grep -q 'Post Dedupe Bytes'

# Unmounted, with data on the way there.
cp "$tmp/backup" "$mnt/vm/on-the-way"
umount -l "$fast"
eventually 20 is missing
sync "$c/backup"
echo 3 >/proc/sys/vm/drop_caches || true
cmp "$tmp/backup" "$c/backup"
stop
start
is missing || fail "an empty folder passes for the path"
cmp "$tmp/backup" "$c/backup"
if cat "$mnt/vm/image" >/dev/null 2>"$tmp/err"; then fail "what lies in a missing tier can be read"; fi
grep -q 'Input/output error' "$tmp/err" || fail "not EIO: $(cat "$tmp/err")"
if cp "$tmp/backup" "$mnt/vm/refused" 2>"$tmp/err"; then fail "a missing tier takes data"; fi
grep -q 'Input/output error' "$tmp/err" || fail "not EIO: $(cat "$tmp/err")"
rm "$mnt/vm/refused"
random_file "$tmp/while" 10000000
cp "$tmp/while" "$c/while"
sync "$c/while"
rm "$c/backup"
reclaim
cmp "$tmp/while" "$c/while"

# Back, by itself.
mount --bind "$disk" "$fast"
eventually 20 is online
cmp "$tmp/image" "$mnt/vm/image"
cmp "$tmp/backup" "$mnt/vm/on-the-way"
reclaim
scan verify_data

# Encryption of its own.
printf 'a passphrase of the tier\n' | oca performance_tier --setpassphrase >/dev/null
oca performance_tier --encryption --set ON --yes >/dev/null
[ "$(field .encryption.on performance_tier --show)" = true ] || fail "not encrypted"
[ "$(oca storage_group --show --name DefaultGroup --json | jq .encryption.on)" = false ] || fail "DefaultGroup is encrypted too"
oca container --delete --name vm --delete_files --yes >/dev/null
gone_group() { oca storage_group --delete --name PerformanceTier --yes >/dev/null 2>&1; }
eventually 60 gone_group
oca system --storage --remove --path "$fast" --yes | grep -q 'is removed'
stop
"$OCA_BIN/ofsck" --home "$OCA_HOME" || fail "ofsck finds faults"
umount "$fast"
umount "$disk"
umount "$OCA_HOME/data"
