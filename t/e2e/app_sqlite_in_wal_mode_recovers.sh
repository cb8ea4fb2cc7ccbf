#!/usr/bin/env bash
# sqlite in WAL mode (shared mmap, byte-range locks): two writers at once, then ocafsd is killed; committed rows are there.
source "$(dirname "$0")/lib.sh"
start
c=$(container lite)
db=$c/base.db
sql() { sqlite3 -cmd '.timeout 20000' "$db" "$1"; }
[ "$(sql 'pragma journal_mode=wal')" = wal ]
sql 'pragma synchronous=full; create table t(w int, i int, v blob); create index x on t(w, i)'
writer() {
  local i
  for i in $(seq 100); do sql "pragma synchronous=full; insert into t values ($1, $i, randomblob(2000))" || return 1; done
}
writer 1 &
one=$!
writer 2 &
two=$!
wait $one
wait $two
[ "$(sql 'select count(*), count(distinct w) from t')" = "200|2" ]
kill_ocafsd
start
[ "$(sql 'pragma integrity_check')" = ok ]
[ "$(sql 'select count(*) from t')" = 200 ] || fail "committed rows are missing"
sql 'pragma wal_checkpoint(truncate); vacuum' >/dev/null
[ "$(sql 'pragma integrity_check')" = ok ]
