#!/usr/bin/env bash
# A full disk refuses the writer with ENOSPC; what was synced stays, also after kill -9; deletes go on; the cleaner makes room again.
source "$(dirname "$0")/lib.sh"
mkdir -p "$OCA_HOME/data"
mount -t tmpfs -o size=192m tmpfs "$OCA_HOME/data"
start
c=$(container full)
random_file "$tmp/data" 20000000
cp "$tmp/data" "$c/kept"
sync "$c/kept"
if dd if=/dev/urandom of="$c/big" bs=1M count=400 conv=fsync 2>"$tmp/err"; then fail "400 MiB fit on 192 MiB"; fi
grep -q 'No space left on device' "$tmp/err" || fail "not ENOSPC: $(cat "$tmp/err")"
cmp "$tmp/data" "$c/kept"
kill_ocafsd
start
cmp "$tmp/data" "$c/kept"
rm -f "$c/big"
reclaim
random_file "$tmp/more" 20000000
cp "$tmp/more" "$c/more"
sync "$c/more"
cmp "$tmp/more" "$c/more"
scan verify_data
stop
umount "$OCA_HOME/data"
