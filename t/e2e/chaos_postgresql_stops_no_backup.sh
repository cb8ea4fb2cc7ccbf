#!/usr/bin/env bash
# PostgreSQL is stopped, killed, silent and slow while backups are written and the configuration is changed: no write fails or waits for it, and
# every change that was acknowledged is there; one that met a silence is done once that is over.
source "$(dirname "$0")/lib.sh"
start
allow_log ' process_ended name=postgresql ' ' configuration_not_confirmed ' ' tape_libraries_not_told ' ' change_not_on_record '
c=$(container backups)
random_file "$tmp/data" 4000000
postmaster() { head -n 1 "$OCA_HOME/pg/data/postmaster.pid" 2>/dev/null; }
all_of_it() { echo "$(postmaster)" $(pgrep -P "$(postmaster)"); }
signal_all() { local pid; for pid in $(all_of_it); do kill "-$1" "$pid" 2>/dev/null || true; done; }
url=$(cat "$OCA_HOME/run/ocahttp.url")
healthy() { curl -sf --max-time 20 --cacert "$OCA_HOME/http/server.crt" "$url/healthz" -o "$tmp/body"; }

# Backups all the while: each file synced and compared.
touch "$tmp/writing"
write() {
  local i=0
  while [ -e "$tmp/writing" ]; do
    i=$((i + 1))
    { cp "$tmp/data" "$c/f$((i % 5))" && sync "$c/f$((i % 5))" && cmp "$tmp/data" "$c/f$((i % 5))"; } 2>>"$tmp/write_errors" || echo "file $i" >>"$tmp/write_errors"
    echo $i >"$tmp/written.new" && mv "$tmp/written.new" "$tmp/written"
  done
}
write &
writer=$!
trap 'rm -f "$tmp/writing"' EXIT
goes_on() { # a file is begun and ended from now on
  local before
  before=$(cat "$tmp/written" 2>/dev/null || echo 0)
  more() { [ "$(cat "$tmp/written" 2>/dev/null || echo 0)" -ge $((before + 2)) ]; }
  eventually 30 more
}
change() { oca container --add --name "$1" >/dev/null 2>&1 && echo "$1" >>"$tmp/done"; }
goes_on

# Stopped, in good order, and killed: it is back by itself, and changes succeed again.
for how in INT KILL; do
  pid=$(postmaster)
  kill "-$how" "$pid"
  eventually 20 ended "$pid"
  goes_on
  eventually 30 change "after_$how"
done

# Silent, in the middle of a change: backups and the rest of the appliance do not wait.
signal_all STOP
oca container --add --name in_silence >"$tmp/in_silence" 2>&1 &
changing=$!
goes_on
healthy || fail "REST is not there while PostgreSQL is silent"
ls "$mnt" >/dev/null
kill -0 $changing 2>/dev/null || fail "the change did not wait: $(cat "$tmp/in_silence")"
signal_all CONT
wait $changing || fail "the change failed after the silence: $(cat "$tmp/in_silence")"
echo in_silence >>"$tmp/done"

# Slow: most of the time it stands still.
touch "$tmp/slow"
be_slow() {
  while [ -e "$tmp/slow" ]; do
    signal_all STOP
    read -r -t 0.15 _ <>"$tmp/never" || true
    signal_all CONT
    read -r -t 0.05 _ <>"$tmp/never" || true
  done
}
mkfifo "$tmp/never"
be_slow &
slow=$!
for i in 1 2 3; do eventually 60 change "slow$i"; done
goes_on
rm "$tmp/slow"
wait $slow
signal_all CONT

rm "$tmp/writing"
wait $writer
[ ! -s "$tmp/write_errors" ] || fail "writes failed: $(head "$tmp/write_errors")"
listed() { [ -z "$(comm -23 <(sort "$tmp/done") <(oca container --show --names_only | sort))" ]; }
eventually 10 listed
while read -r name; do
  [ -d "$mnt/$name" ] || fail "container $name has no folder"
  oca audit --show --target "$name" --json | jq -e '.entries | any(.method == "AddContainer" and .outcome == "done")' >/dev/null || fail "$name is not on record"
done <"$tmp/done"
