#!/usr/bin/env bash
# ocafsd gets no more memory, at different points of a load with its cleaner: it says so and ends, the watcher starts it again, and nothing that
# was synced is lost or other than it was. With memory back all is as before.
source "$(dirname "$0")/lib.sh"
allow_log ' out_of_memory action=abort' ' process_ended name=ocafsd ' ' stale_mount_removed ' ' configuration_not_confirmed ' ' request_failed ' ' libfuse message="fuse: error creating thread'
start
c=$(container c)
load=$OCA_TOP/t/support/steady_load.py
python3 "$load" "$c" "$tmp/list" >"$tmp/load.out" 2>&1 &
loader=$!

serving() { oca stats --cleaner >/dev/null 2>&1 && [ -d "$c" ]; }
fresh_pid() { serving && pid=$(pid_of ocafsd 2>/dev/null) && ! ended "$pid"; }
value() { sed -n "s/^$1:[^0-9]*\([0-9]*\) kB/\1/p" "/proc/$pid/status"; }
spared=0
# pressed <KiB more than it has>: until it ends, or some calls were answered without.
pressed() {
  local calls=0
  prlimit --pid "$pid" --data=$((($(value VmData) + $1) * 1024)):
  until ended "$pid"; do
    oca maintenance --filesystem --reclaim_space --no_wait >/dev/null 2>&1 || true
    calls=$((calls + 1))
    [ $calls -lt 40 ] || { spared=$((spared + 1)); prlimit --pid "$pid" --data=unlimited:; return; }
  done
}
limits=(0 256 1024 3072 8192 16384 32768)
for more in "${limits[@]}"; do
  eventually 30 fresh_pid
  pressed "$more"
  start # at once: the watcher would wait ever longer
done
# By the watcher alone.
eventually 30 fresh_pid
pressed 0
eventually 30 serving
kill -TERM $loader
wait $loader || fail "$(cat "$tmp/load.out")"
cat "$tmp/load.out"
said=$(grep -c ' E ocafsd\[[0-9]*\] out_of_memory action=abort$' "$OCA_HOME/log/ocafsd.log")
echo "of ${#limits[@]} limits $said ended it so, $spared were borne"
[ "$said" -ge 3 ] || fail "memory was never short"
python3 "$load" "$c" "$tmp/list" --verify
scan verify_data
cp -a "$tree" "$c/tree"
same_tree "$tree" "$c/tree"
stop
"$OCA_BIN/ofsck" --home "$OCA_HOME" || fail "ofsck finds faults"
