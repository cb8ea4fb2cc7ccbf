#!/usr/bin/env bash
# Both disks are slow in earnest, and writers are faster than they are for long: memory stays within the budget, what fsync acknowledged is there after
# a crash, quick disks are quick again, and a stop on slow ones is orderly.
source "$(dirname "$0")/lib.sh"
budget_mib=256
two=$OCA_WORK/two
mkdir -p "$two" "$OCA_HOME/data"
mount -t tmpfs -o size=1000m tmpfs "$OCA_HOME/data"
mount -t tmpfs -o size=1000m tmpfs "$two"
printf '[fs]\nmemory_budget = "%dMiB"\n' $budget_mib >"$OCA_HOME/oca.toml"
disks() { python3 "$OCA_TOP/t/support/slow_disk.py" "$tmp" "$@"; }
mapfile -t environment < <(disks build "$OCA_HOME/data" "$two")
chmod a+r "$tmp"/*
trap 'disks set 0 call=0 sync=0; disks set 1 call=0 sync=0 hold=' EXIT
start_slowable() { (export "${environment[@]}" && start); }
start_slowable
pid=$(pid_of ocafsd)
oca system --storage --add --path "$two" >/dev/null
c=$(container c)
put() { dd if="$1" of="$2" bs=1M oflag=direct conv=notrunc status=none; }
same() { cmp "$1" <(dd if="$2" bs=1M iflag=direct status=none); }
peak() { sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$pid/status"; }
within_budget() { [ "$(peak)" -le $((budget_mib * 1024)) ] || fail "$(peak) KiB resident, the budget is $budget_mib MiB"; }
for writer in 1 2 3 4; do random_file "$tmp/long$writer" $((100 << 20)); done

# While a sync of the second disk hangs, data goes to the first one.
held() { [ "$(disks waiting 1)" -ge 1 ]; }
disks set 1 hold=sync
for writer in 1 2 3 4; do
  put "$tmp/long$writer" "$c/long$writer" &
  writers[writer]=$!
done
wait "${writers[@]}"
within_budget
held || fail "nothing lies on the second disk"
for writer in 1 2 3 4; do same "$tmp/long$writer" "$c/long$writer"; done
disks set 1 hold=
sync "$c"/long*

# Slow, both: who asks for durability gets it.
disks set 0 call=2 sync=50
disks set 1 call=20 sync=300
write_and_sync() { # <writer>
  local piece
  for piece in $(seq 100); do
    head -c 6000000 /dev/urandom >"$tmp/piece$1.$piece"
    cp "$tmp/piece$1.$piece" "$c" || return 0
    sync "$c/piece$1.$piece" || return 0
    echo "piece$1.$piece" >>"$tmp/acknowledged"
  done
}
acknowledged() { [ "$(wc -l <"$tmp/acknowledged")" -ge "$1" ]; }
touch "$tmp/acknowledged"
for writer in 1 2 3; do
  write_and_sync $writer 2>/dev/null &
  writers[writer]=$!
done
unset 'writers[4]'
eventually 30 acknowledged 9
oca system --storage --show >/dev/null
oca stats --storage_group >/dev/null
within_budget
kill_ocafsd
wait "${writers[@]}"
start_slowable
pid=$(pid_of ocafsd)
while read -r name; do same "$tmp/$name" "$c/$name"; done <"$tmp/acknowledged"
for writer in 1 2 3 4; do same "$tmp/long$writer" "$c/long$writer"; done

# Faster than the disks for long, in new data, and a stop in the middle of what is behind.
for writer in 1 2 3 4; do
  random_file "$tmp/last$writer" $((20 << 20))
  put "$tmp/last$writer" "$c/last$writer" &
  writers[writer]=$!
done
wait "${writers[@]}"
within_budget
stop
tail -n 1 "$OCA_HOME/log/ocafsd.log" | grep -q ' I ocafsd\[[0-9]*\] stopped$' || fail "no orderly end"
start
for writer in 1 2 3 4; do same "$tmp/last$writer" "$c/last$writer"; done
scan verify_data
stop
"$OCA_BIN/ofsck" --home "$OCA_HOME" || fail "ofsck finds faults"
umount "$two"
umount "$OCA_HOME/data"
