#!/usr/bin/env bash
# The wall clock is set back by an hour and forward by two, under load: no process is killed for it, what was not synced becomes durable in time
# all the same, locks do not end early, and who shall know is told.
source "$(dirname "$0")/lib.sh"
c++ -std=c++20 -O1 -shared -fPIC -o "$tmp/clock_shift.so" "$OCA_TOP/t/support/clock_shift.cc" -ldl
# set_clock <seconds>: by so much it is wrong from now on.
set_clock() { python3 -c 'import sys; open(sys.argv[1], "r+b").write(int(sys.argv[2]).to_bytes(8, "little", signed=True))' "$tmp/shift" "$1"; }
head -c 8 /dev/zero >"$tmp/shift"
chmod 644 "$tmp/shift" "$tmp/clock_shift.so"
export OCA_CLOCK_SHIFT=$tmp/shift
LD_PRELOAD=$tmp/clock_shift.so start

pids() { "$OCA_TOP/etc/oca-appliance" status --home "$OCA_HOME" --bin "$OCA_BIN"; }
told() { oca alerts --show --events --all --json 2>/dev/null | jq -e '[.events[] | select(.name == "clock_jumped")] | length >= 1' >/dev/null; }
answers() { oca alerts --show >/dev/null 2>&1; }
# clock_is <seconds>: by so much the appliance's clock is wrong, as the record of a change says.
clock_is() {
  local off
  tick=$((tick + 1))
  container "made$tick" >/dev/null
  off=$(($(date -d "$(field '.entries[0].started' audit --show --target "made$tick")" +%s) - $(date +%s) - $1))
  [ $off -gt -600 ] && [ $off -lt 600 ]
}
tick=0
# load <seconds>: of a clock that nobody sets: longer than the watchers wait for a sign of life.
load() {
  local end=$((SECONDS + $1))
  while [ $SECONDS -lt $end ]; do
    tick=$((tick + 1))
    cp "$tmp/data" "$c/copy$((tick % 3))"
    cmp "$tmp/data" "$c/copy$((tick % 3))"
    oca container --update --name c --marker "$([ $((tick % 2)) = 0 ] && echo tar || echo none)" >/dev/null
  done
}
c=$(container c)
random_file "$tmp/data" 3000000
locked=$(container locked)
oca container --retention --name locked --mode governance --min_period 1s --max_period 1y --default_period 1h >/dev/null
cp "$tmp/data" "$locked/f"
chmod a-w "$locked/f"
eventually 40 answers
before=$(pids)

set_clock -3600
echo x >"$c/not_synced_when_it_was_back"
on_disk() { grep -rqsF "$1" "$OCA_HOME/data"; }
eventually 20 on_disk not_synced_when_it_was_back
load 34
eventually 20 clock_is -3600
[ "$(pids)" = "$before" ] || fail "not the same processes: $(diff <(echo "$before") <(pids))"

set_clock 3600
echo x >"$c/not_synced_when_it_was_ahead"
eventually 20 on_disk not_synced_when_it_was_ahead
eventually 20 clock_is 3600
! rm -f "$locked/f" 2>/dev/null || fail "the lock has ended with the clock"
eventually 60 told
[ "$(pids)" = "$before" ] || fail "not the same processes: $(diff <(echo "$before") <(pids))"
set_clock 0
scan verify_data
