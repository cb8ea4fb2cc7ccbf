#!/usr/bin/env bash
# A PostgreSQL cluster on the mount: committed rows are there after the server, and then ocafsd under it, were killed.
source "$(dirname "$0")/lib.sh"
pg=$(dirname "$(find /usr/lib/postgresql -name initdb | sort -V | tail -1)")
start
c=$(container pg)
data=$c/cluster
mkdir "$data"
give_to_user "$data"
chmod 700 "$data"
cd / # the server may not enter where we are
as_user "$pg/initdb" -D "$data" -A trust -U bench >"$tmp/initdb.log"

server() {
  as_user "$pg/pg_ctl" -D "$data" -w -t 60 -l "$tmp/pg.log" -o "-k $tmp -c listen_addresses=" start >/dev/null || {
    cat "$tmp/pg.log"
    fail "PostgreSQL does not start"
  }
}
server_pid() { head -1 "$data/postmaster.pid"; }
sql() { "$pg/psql" -h "$tmp" -U bench -d postgres -v ON_ERROR_STOP=1 -qAtc "$1"; }
kill_server() { # pid
  local pid=$1
  pkill -KILL -P "$pid" || true
  kill -KILL "$pid"
  eventually 20 gone "$pid"
}

server
sql "create table t(id int primary key, v text); create index on t(v)"
"$pg/pgbench" -h "$tmp" -U bench -i -s 2 -q postgres 2>"$tmp/pgbench.log"
for i in $(seq 20); do sql "insert into t select g, md5(g::text) from generate_series(${i}00, ${i}99) g"; done
kill_server "$(server_pid)"
server
[ "$(sql 'select count(*) from t')" = 2000 ] || fail "rows are missing after the server was killed"

sql "insert into t values (1, 'synced'); checkpoint; insert into t values (2, 'after the checkpoint')"
pid=$(server_pid) # cannot be read from the mount once ocafsd is dead
kill_ocafsd
kill_server "$pid"
start
server
[ "$(sql 'select count(*) from t')" = 2002 ] || fail "rows are missing after ocafsd was killed"
"$pg/pgbench" -h "$tmp" -U bench -c 2 -t 200 postgres >"$tmp/pgbench.log" 2>&1
[ "$(sql 'select sum(abalance) from pgbench_accounts')" = "$(sql 'select sum(delta) from pgbench_history')" ] ||
  fail "pgbench's sums differ"
as_user "$pg/pg_ctl" -D "$data" -w -m fast stop >/dev/null
as_user "$pg/pg_checksums" -D "$data" --enable >/dev/null
as_user "$pg/pg_checksums" -D "$data" --check >/dev/null
