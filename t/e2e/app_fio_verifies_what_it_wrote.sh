#!/usr/bin/env bash
# fio writes in every way at once (small and odd blocks, O_DIRECT in parallel, mapped, a stream with fsync), and reads back what it wrote;
# then again after ocafsd was killed: what fio had synced is there.
source "$(dirname "$0")/lib.sh"
start
c=$(container fio)
job=$tmp/write.fio
cat >"$job" <<EOF
[global]
directory=$c
size=32m
verify=crc32c
verify_fatal=1
do_verify=1
randseed=7
end_fsync=1
[small]
rw=randwrite
bs=4k
[direct]
rw=randwrite
bs=16k
direct=1
ioengine=libaio
iodepth=8
[mapped]
rw=randwrite
bs=4k
ioengine=mmap
[odd]
rw=randwrite
bsrange=512-70000
bs_unaligned=1
[stream]
rw=write
bs=1m
fsync=8
EOF
cd "$tmp" || exit # fio leaves its state files where it runs
fio --output="$tmp/fio.out" "$job" || { cat "$tmp/fio.out"; fail "fio found other bytes than it wrote"; }
(cd "$c" && sha256sum -- *) >"$tmp/sums"
[ "$(wc -l <"$tmp/sums")" = 5 ] || fail "fio wrote other files than five: $(cat "$tmp/sums")"
kill_ocafsd
start
(cd "$c" && sha256sum --quiet -c "$tmp/sums")
