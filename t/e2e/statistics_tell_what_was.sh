#!/usr/bin/env bash
# What was copied in is in the history, by the command line and by REST: sizes, throughput, the machine. Samples wait while PostgreSQL is
# dead; what ocamonitor had not rolled up when it was killed, the next one does.
source "$(dirname "$0")/lib.sh"
start
allow_log ' process_ended name=' ' configuration_not_confirmed ' ' cannot_serve '
history_of() { oca stats --history --name "$1" --subject "$2" --json "${@:3}"; }
# point <jq condition> <series> <subject> [options]: one fulfils it.
point() { history_of "${@:2}" 2>/dev/null | jq -e "[.series[].points[] | select($1)] | length > 0" >/dev/null; }
status() { oca stats --monitor --json | jq -e "$1" >/dev/null; }

# The machine is known at once.
cpu_known() { oca stats --cpu --json | jq -e '.processors > 0 and .load_1 >= 0' >/dev/null; }
eventually 20 cpu_known
oca stats --memory --json | jq -e '.total_bytes > .used_bytes and .used_bytes > 0' >/dev/null
oca stats --disk --json | jq -e ".disks[0].path == \"$OCA_HOME\" and .disks[0].free_bytes > 0" >/dev/null
oca stats --network --json | jq -e '.networks | type == "array"' >/dev/null

# Copied in between two samples: all of it is in the history.
c=$(container history)
eventually 60 point '.mean == 0' container.current_files history
cp -r "$tree" "$c/copy"
sync "$c"
files=$(find "$c" -type f | wc -l)
bytes=$(find "$c" -type f -printf '%s\n' | awk '{sum += $1} END {print sum}')
eventually 60 point ".mean == $files" container.current_files history
point ".mean == $bytes" container.current_bytes history || fail "sizes: $(history_of container.current_bytes history)"
point '.mean > 0' storage_group.physical_bytes DefaultGroup
point '.mean > 0 and .mean <= 100' cpu.used_percent ''
point '.mean > 0' disk.used_bytes "$OCA_HOME"
point '.mean == 1' configuration.ready ''
point ".mean >= $bytes" system.current_bytes ''
history_of container.write_mib_per_s history | jq -e "([.series[0].points[].mean] | add * 15 * 1048576) as \$written |
  \$written > $bytes * 0.7 and \$written < $bytes * 1.4 and ([.series[0].points[].mean] | min >= 0)" >/dev/null ||
  fail "throughput of $bytes bytes: $(history_of container.write_mib_per_s history)"
oca stats --history --name container.write_mib_per_s --subject history | grep -q 'MiB/s'
oca stats --series --json | jq -e '[.series[] | select(.name == "container.current_bytes" and .subject == "history" and .unit == "bytes")] | length == 1' >/dev/null
expect_error 3 'is it cpu.used_percent' oca stats --history --name cpu.used_percents
expect_error 2 '15s, 5m, 1h or 1d' oca stats --history --name cpu.used_percent --resolution 7m

# The same by REST.
url=$(cat "$OCA_HOME/run/ocahttp.url")
token=$(field .secret user --addtoken --name admin --token charts)
rest() { curl -sS --fail --max-time 60 --cacert "$OCA_HOME/http/server.crt" -H "Authorization: Bearer $token" "$url/v1/stats/$1"; }
rest "history?name=container.current_bytes&subject=history&resolution=15s" |
  jq -e "[.series[0].points[] | select(.mean == $bytes and .samples == 1)] | length > 0" >/dev/null
rest machine | jq -e '.memory.totalBytes // .memory.total_bytes | tonumber > 0' >/dev/null
rest series | jq -e '.series | length > 20' >/dev/null
rest monitor >/dev/null

# Only one at a time.
expect_error 1 'ocamonitor' "$OCA_BIN/ocamonitor" --home "$OCA_HOME"

# Killed, with an hour that is not rolled up: the next one does it, once.
watchers STOP
monitor=$(cat "$OCA_HOME/run/ocamonitor.pid")
kill -KILL "$monitor"
eventually 20 ended "$monitor"
expect_error 5 'ocamonitor, which keeps the statistics, cannot be reached' oca stats --cpu
psql -q -h "$OCA_HOME/pg/run" -U oca oca <<'SQL'
INSERT INTO oca_statistics.sample SELECT date_trunc('hour', now()) - interval '2 hours' + i * interval '15 s', ARRAY[id], ARRAY[i]
  FROM generate_series(0, 239) AS i, oca_statistics.series WHERE name = 'container.current_files' AND subject = 'history';
INSERT INTO oca_statistics.pending SELECT 300, date_trunc('hour', now()) - interval '2 hours' + i * interval '5 min' FROM generate_series(0, 11) AS i;
SQL
start
eventually 60 point '.samples == 240 and .mean == 119.5 and .low == 0 and .high == 239' container.current_files history --since 5h --resolution 1h
point '.samples == 20' container.current_files history --since 5h --resolution 5m

# Without PostgreSQL samples wait, and the machine is shown all the same.
watchers STOP
postgres=$(head -n 1 "$OCA_HOME/pg/data/postmaster.pid")
kill -KILL "$postgres"
eventually 20 ended "$postgres"
eventually 60 status '.samples_waiting > 0 and .problem != ""'
cpu_known
expect_error 5 'PostgreSQL, which keeps the statistics, cannot be reached' oca stats --history --name cpu.load_1
start
eventually 60 status '.samples_waiting == 0 and .problem == "" and .samples_dropped == 0'
