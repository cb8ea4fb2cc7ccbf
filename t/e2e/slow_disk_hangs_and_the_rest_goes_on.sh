#!/usr/bin/env bash
# A sync of the performance tier's disk hangs until the test ends it. Meanwhile what lies elsewhere is read and written, the control plane
# and the watcher are answered, and writers to that disk wait with memory within the budget; so does whoever asks for durability. A stop
# ends once the disk is back; a crash before that loses nothing that was synced.
source "$(dirname "$0")/lib.sh"
allow_log ' mount_in_use '
budget_mib=256
fast=$OCA_WORK/fast
mkdir -p "$fast" "$OCA_HOME/data"
mount -t tmpfs -o size=900m tmpfs "$OCA_HOME/data"
mount -t tmpfs -o size=900m tmpfs "$fast"
printf '[fs]\nmemory_budget = "%dMiB"\n' $budget_mib >"$OCA_HOME/oca.toml"
disks() { python3 "$OCA_TOP/t/support/slow_disk.py" "$tmp" "$@"; }
tier=1 # its number among the disks
trap 'disks set $tier hold=' EXIT # whatever happens, nothing hangs for ever
held() { [ "$(disks waiting $tier)" -ge 1 ]; }
mapfile -t environment < <(disks build "$OCA_HOME/data" "$fast")
chmod a+r "$tmp"/*
start_slowable() { (export "${environment[@]}" && start); }

# Past the kernel's memory; sizes are whole MiB, else dd would sync.
put() { dd if="$1" of="$2" bs=1M oflag=direct conv=notrunc status=none; }
same() { cmp "$1" <(dd if="$2" bs=1M iflag=direct status=none); }
start_slowable
pid=$(pid_of ocafsd)
oca performance_tier --add --path "$fast" >/dev/null
oca container --add --name vm --performance_tier >/dev/null
vm=$mnt/vm
c=$(container c)
random_file "$tmp/one" $((16 << 20))
random_file "$tmp/two" $((64 << 20))
for writer in 1 2 3 4 5 6; do random_file "$tmp/long$writer" $((50 << 20)); done
cp "$tmp/one" "$c/one"
cp "$tmp/two" "$vm/two"
sync "$c/one" "$vm/two"

disks set $tier hold=sync
put "$tmp/one" "$vm/hanging"
sync "$vm/hanging" &
waiting=($!)
eventually 20 held
# elsewhere <tag>: each of these comes to its end while the call hangs.
elsewhere() {
  same "$tmp/one" "$c/one"
  put "$tmp/long$1" "$c/new$1"
  same "$tmp/long$1" "$c/new$1"
  cp -a "$tree" "$c/tree$1"
  same_tree "$tree" "$c/tree$1"
  rm -r "$c/tree$1"
  same "$tmp/two" "$vm/two"
  oca container --show >/dev/null
  oca stats --storage_group >/dev/null
  oca stats --cleaner >/dev/null
  [ "$(pid_of ocafsd)" = "$pid" ] || fail "it does not answer what the watcher asks"
  oca system --storage --show >/dev/null
  oca performance_tier --show >/dev/null
  held || fail "the call does not hang any more"
}
elsewhere 1
# More writers to it than there are threads for requests, of more than the memory.
for writer in 1 2 3 4 5 6; do
  put "$tmp/long$writer" "$vm/long$writer" &
  waiting+=($!)
done
for round in 2 3 4 5 6; do elsewhere $round; done
for each in "${waiting[@]}"; do ! ended "$each" || fail "something that needs the disk did not wait"; done

peak=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$pid/status")
echo "peak $peak KiB of $budget_mib MiB"
[ "$peak" -le $((budget_mib * 1024)) ] || fail "$peak KiB resident, the budget is $budget_mib MiB"
disks set $tier hold=
wait "${waiting[@]}"
whole() {
  same "$tmp/one" "$vm/hanging"
  for writer in 1 2 3 4 5 6; do same "$tmp/long$writer" "$vm/long$writer"; done
  same "$tmp/two" "$vm/two"
  same "$tmp/one" "$c/one"
}
whole
sync "$vm"/*

# A crash while it hangs.
disks set $tier hold=sync
random_file "$tmp/more" $((4 << 20))
put "$tmp/more" "$vm/more"
sync "$vm/more" 2>/dev/null &
syncing=$!
eventually 20 held
kill_ocafsd
wait "$syncing" && fail "what was not durable was acknowledged"
disks build "$OCA_HOME/data" "$fast" >/dev/null # nobody waits there any more
start_slowable
whole

# A stop while it hangs ends when it is back.
disks set $tier hold=sync
put "$tmp/more" "$vm/more"
pid=$(pid_of ocafsd)
appliance stop >"$tmp/stop.log" 2>&1 &
stopping=$!
eventually 20 held
! ended "$pid" || fail "ocafsd ended without its disk"
disks set $tier hold=
wait $stopping
tail -n 1 "$OCA_HOME/log/ocafsd.log" | grep -q ' I ocafsd\[[0-9]*\] stopped$' || fail "no orderly end: $(tail -n 3 "$OCA_HOME/log/ocafsd.log")"
start
whole
same "$tmp/more" "$vm/more"
stop
"$OCA_BIN/ofsck" --home "$OCA_HOME" || fail "ofsck finds faults"
umount "$fast"
umount "$OCA_HOME/data"
