#!/usr/bin/env bash
# With PostgreSQL, ocaconfigsvc and the watchers dead, files are read and written; start brings the rest back.
source "$(dirname "$0")/lib.sh"
start
c=$(container alone)
echo before >"$c/f"
config=$(pid_of ocaconfigsvc)
database=$(pid_of postgresql)
allow_log ' process_ended name=' ' stale_' ' configuration_not_confirmed '
watchers STOP
kill -KILL "$config"
kill -QUIT "$database" # immediate shutdown: as a crash, but its children end too
eventually 20 ended "$config"
eventually 20 ended "$database"
[ "$(cat "$c/f")" = before ]
cp -a "$tree" "$c/"
same_tree "$tree" "$c/perl"
expect_error 5 'make run|oca-appliance|start' oca container --show
watchers KILL
start
[ "$(field '.containers[] | select(.name == "alone") | .name' container --show)" = alone ]
same_tree "$tree" "$c/perl"
container after >/dev/null
echo x >"$mnt/after/f"
