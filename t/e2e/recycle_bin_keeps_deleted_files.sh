#!/usr/bin/env bash
# A container's recycle bin keeps what is deleted, replaced by rename, or removed as a tree, through the cleaner, a crash and a restart;
# names are free at once; an administrator lists, restores and purges; a full bin keeps its container.
source "$(dirname "$0")/lib.sh"
start
c=$(container backups)
bin() { oca container --recycle_bin --name backups "$@"; }
held() { field ".$1" container --recycle_bin --name backups; }
id_of() { bin --file_list --json | jq -er --arg path "$1" '[.files[] | select(.path == $path)] | last | .id'; }
[ "$(bin --json | jq -r '"\(.on) \(.retention_days)"')" = "false 0" ]
expect_error 2 '7 to 30' bin --enable --rb_retention_period 31
expect_error 3 'backups' oca container --recycle_bin --name backup --enable
[ "$(bin --enable --json | jq -r '"\(.on) \(.retention_days) \(.trusted_time | type)"')" = "true 7 string" ]
[ "$(bin --update --rb_retention_period 14 --json | jq -r .retention_days)" = 14 ]

# Deleted many times under one name: as many versions.
for i in 1 2 3; do
  random_file "$tmp/v$i" 400000
  cp "$tmp/v$i" "$c/data"
  rm "$c/data"
done
random_file "$tmp/now" 100000
cp "$tmp/now" "$c/data"
cp "$tmp/v1" "$c/new"
mv "$c/new" "$c/data"
ln "$c/data" "$c/link"
rm "$c/data"
[ "$(held files)" = 4 ] # the last link is still there
[ "$(held bytes)" = 1300000 ]
[ "$(field .recycle_bin_files stats --container --name backups)" = 4 ]
[ "$(field .recycle_bin_bytes stats --container --name backups)" = 1300000 ]
[ "$(ls -A "$c")" = link ] || fail "what is in the bin is seen: $(ls -A "$c")"

# A tree comes back whole, with its folders' modes.
cp -a "$tree" "$c/tree"
chmod 711 "$c/tree"
cp -a "$c/tree" "$tmp/tree"
second=$(date +%s) # times have whole seconds: what was deleted before was so in another one
next_second() { [ "$(date +%s)" != "$second" ]; }
eventually 5 next_second
before=$(date -u '+%F %T UTC')
rm -r "$c/tree"
sync "$c"
kill_ocafsd
start
reclaim
[ ! -e "$c/tree" ]
bin --restore --start_time "$before" | grep -q 'are back'
same_tree "$tmp/tree" "$c/tree"

# One version, at its place or elsewhere.
first=$(bin --file_list --json | jq -er '[.files[] | select(.path == "data")][0].id')
expect_error 3 'no such' bin --restore --id "$first" --to nowhere/data
bin --restore --id "$first" --to tree/first >/dev/null
cmp "$tmp/v1" "$c/tree/first"
bin --restore --id "$(id_of data)" >/dev/null
cmp "$tmp/now" "$c/data"
expect_error 4 'exists' bin --restore --id "$(id_of data)"
expect_error 3 "$first" bin --restore --id "$first"
bin --restore --end_time 2000-01-01 --json | jq -e '.restored == 0 and .skipped == 0' >/dev/null

# A program that has a deleted file open reads on, also after the purge.
cp "$tmp/v2" "$c/open"
exec 5<"$c/open"
rm "$c/open"
bin --purge --id "$(id_of open)" --yes >/dev/null
cmp "$tmp/v2" - <&5
exec 5<&-

stop
"$OCA_BIN/ofsck" --home "$OCA_HOME" >"$tmp/report" || fail "ofsck: $(cat "$tmp/report")"
start
[ "$(held files)" = 2 ]
bin --file_list | grep -q ' data$'
expect_error 4 'recycle bin' oca container --delete --name backups --delete_files --yes
expect_error 2 'yes' bin --purge
bin --disable | grep -q 'Recycle Bin *: off'
rm "$c/data"
[ "$(held files)" = 2 ]
bin --purge --yes | grep -q '^2 files'
[ "$(held inodes)" = 0 ]
scan verify_data
oca container --delete --name backups --delete_files --yes >/dev/null
oca audit --show --target backups | grep -q PurgeRecycled
