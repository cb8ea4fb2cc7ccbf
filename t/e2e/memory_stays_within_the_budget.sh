#!/usr/bin/env bash
# A daemon with 256 MiB takes in streams, many at once, small files, and reads them again, and never has more resident than that.
source "$(dirname "$0")/lib.sh"
budget_mib=256
mkdir -p "$OCA_HOME"
printf '[fs]\nmemory_budget = "%dMiB"\n' $budget_mib >"$OCA_HOME/oca.toml"
start
c=$(container load)
pid=$(pid_of ocafsd)
peak_kib() { sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$pid/status"; }

# 40 streams at once of new data, each 8 MiB; then one of 400 MiB.
writers=()
for i in $(seq 40); do
  head -c 8388608 /dev/urandom >"$c/stream$i" &
  writers+=($!)
done
for writer in "${writers[@]}"; do wait "$writer"; done
head -c 400000000 /dev/urandom >"$c/big"
# Small files, and the same again.
cp -r "$tree" "$c/tree1"
cp -r "$tree" "$c/tree2"
# Random overwrites in many files at once.
for i in $(seq 40); do
  for block in 3 1 4 0 5 9 2 6; do
    dd if=/dev/urandom of="$c/stream$i" bs=100000 seek=$block count=1 conv=notrunc status=none
  done
done
sync
cat "$c"/stream* "$c/big" >/dev/null
diff -r "$tree" "$c/tree2"
reclaim
scan verify_data
peak=$(peak_kib)
echo "peak ${peak} KiB of ${budget_mib} MiB"
[ "$peak" -le $((budget_mib * 1024)) ] || fail "$peak KiB resident, the budget is $budget_mib MiB"
[ "$(group_stat index_one_in)" = 1 ] || fail "so few chunks fit in RAM"
[ "$(group_stat index_memory_bytes)" -le "$(group_stat index_budget_bytes)" ] || fail "the index takes more than it may"
stop
