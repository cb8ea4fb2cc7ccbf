#!/usr/bin/env bash
# A full quota refuses the writer with EDQUOT; what was acknowledged stays; deletes and reads go on; the cleaner makes room again.
source "$(dirname "$0")/lib.sh"
start
oca storage_group --add --name small --quota 32MiB >/dev/null
c=$(container full small)
random_file "$tmp/data" 12000000
cp "$tmp/data" "$c/kept"
sync "$c/kept"
if dd if=/dev/urandom of="$c/big" bs=1M count=64 conv=fsync 2>"$tmp/err"; then fail "64 MiB fit in a quota of 32 MiB"; fi
grep -q 'Disk quota exceeded' "$tmp/err" || fail "not EDQUOT: $(cat "$tmp/err")"
cmp "$tmp/data" "$c/kept"
[ "$(group_stat physical_bytes small)" -le $((34 << 20)) ] || fail "more than the quota is used"
rm "$c/big"
reclaim
cp "$tmp/data" "$c/again"
sync "$c/again"
cmp "$tmp/data" "$c/again"
random_file "$tmp/more" 8000000
cp "$tmp/more" "$c/more"
sync "$c/more"
cmp "$tmp/more" "$c/more"
expect_error 4 'quota' oca storage_group --update --name small --quota 1MiB
scan verify_data
