#!/usr/bin/env bash
# Containers go to tape and come back by ocandmpd's data service, with ndmjob, a program of others, as client: to a drive of the appliance
# within one session and over TCP, to another's tape, over several tapes, whole and by name, in all versions of the protocol.
source "$(dirname "$0")/lib.sh"
allow_log ' ndmp_order_refused '
source "$(dirname "$0")/ndmp.sh"
job_seconds=180
mover_port=$other_port
$ndmjob -o daemon -p "$mover_port" >"$tmp/mover.log" 2>&1 &
mover=$!
eventually 60 answers "$mover_port"

# The source: real files, and what is awkward about files.
source=$(container source)
target=$(container target)
mkdir -p "$source/tree" "$source/odd/empty"
cp -r "$tree"/5.*.*/unicore "$source/tree"
random_file "$source/noise" 3000001
ln "$source/noise" "$source/odd/again"
ln -s ../noise "$source/odd/link"
ln -s /etc/passwd "$source/odd/away"
truncate -s 40M "$source/odd/sparse"
printf middle | dd of="$source/odd/sparse" bs=1M seek=20 conv=notrunc status=none
printf 'name\n' >"$source/odd/$(printf 'not utf-8 \377')"
setfattr -n user.color -v red "$source/noise"
setfacl -m u:nobody:r "$source/noise"
chmod 2751 "$source/odd/empty"
touch -d '2001-02-03 04:05:06.789' "$source/odd/sparse" "$source/odd"

# same <folder>: it is what the source is.
same() {
  same_tree "$source" "$1"
  [ "$(getfattr --absolute-names --only-values -n user.color "$1/noise")" = red ] || fail "an extended attribute is gone"
  getfacl -pc "$1/noise" | grep -q '^user:nobody:r--' || fail "an ACL is gone"
  [ "$1/noise" -ef "$1/odd/again" ] || fail "two names of a file became two files"
}

# What it says of itself, and what the protocol asks of its states.
job query -q -D "$(agent 4m)"
for what in /oca/source /oca/target 'tar'; do
  grep -q "$what" "$tmp/query" || { cat "$tmp/query"; fail "the query does not show $what"; }
done
for method in 4m 3m 2m; do
  job "data_$method" -o test-data -D "$(agent $method)"
  grep -q 'FINAL .*Passed -- pass=.* warn=0 fail=0' "$tmp/data_$method" || { cat "$tmp/data_$method"; fail "test-data $method"; }
done
robot=(-R "$(agent 4m)" -r /oca/lib1/changer)
job load "${robot[@]}" -o load=1000

# round <name> <method> <arguments>: a backup and a recovery, which must be the same.
round() {
  local name=$1 method=$2
  shift 2
  rm -rf "${target:?}/$name"
  job "backup_$name" -c -D "$(agent "$method")" "$@" -C /oca/source -I "$tmp/index"
  job "restore_$name" -x -D "$(agent "$method")" "$@" -C "/oca/target/$name" -J "$tmp/index" -F /
  grep -q 'LOG_FILE messages: 1 OK, 0 ERROR' "$tmp/restore_$name" || { cat "$tmp/restore_$name"; fail "no result of $name"; }
  same "$target/$name"
}
for method in 4m 3m 2m; do
  # One session with both sides, and two that meet over TCP.
  job rewind -T "$(agent $method)" -f /oca/lib1/drive0 -o rewind
  round "local_$method" $method -f /oca/lib1/drive0 -b 128
  round "tcp_$method" $method -T "$(agent $method)" -f /oca/lib1/drive0 -b 128
  # Others' tape.
  rm -f "$tmp/FakeTape"*
  touch "$tmp/FakeTape"
  round "others_$method" $method -T "127.0.0.1:$mover_port/$method,ndmp,ndmp" -f "$tmp/FakeTape"
done
# The data service listens, and the mover connects.
for method in 4m 3m; do
  round "swapped_$method" $method -f /oca/lib1/drive0 -b 128 -o swap-connect
  round "swapped_tcp_$method" $method -T "$(agent $method)" -f /oca/lib1/drive0 -b 128 -o swap-connect
done

# One file by its offset: little of the backup is read for it.
for method in 4m 3m 2m; do
  for tape in local tcp; do
    sides=(-D "$(agent $method)" -f /oca/lib1/drive0 -b 128)
    [ $tape = local ] || sides+=(-T "$(agent $method)")
    rm -rf "${target:?}/one"
    job rewind -T "$(agent $method)" -f /oca/lib1/drive0 -o rewind
    job one_backup -c "${sides[@]}" -C /oca/source -I "$tmp/index"
    job one_restore -x "${sides[@]}" -E DIRECT=y -C /oca/target/one -J "$tmp/index" -F "/odd/sparse"
    cmp "$source/odd/sparse" "$target/one/odd/sparse"
    [ "$(find "$target/one" -type f | wc -l)" = 1 ] || fail "more came back than was asked for"
    read -r kilobytes < <(sed -n 's/.*MOVER: read \([0-9]*\)KB.*/\1/p' "$tmp/one_restore" | sort -n | tail -n 1)
    [ "$kilobytes" -lt 1024 ] || { cat "$tmp/one_restore"; fail "$kilobytes KB were read for one small file"; }
  done
done
job unload "${robot[@]}" -o unload

# More than a tape holds.
random_file "$source/more" 45000000
tapes=(-m T1@1000 -m T2@1001 -m T3@1002)
all=("${robot[@]}" -f /oca/lib1/drive0 "${tapes[@]}")
job labels -o init-labels -T "$(agent 4m)" "${all[@]}"
round many 4m "${all[@]}"
[ "$(grep -c '^CM ' "$tmp/index")" -ge 2 ] || { cat "$tmp/backup_many"; fail "one tape was enough"; }

# What is not there, and what is nobody's business. ndmjob tells by its words alone that something was wrong.
for wrong in /oca/none /etc /oca/source/odd/away; do
  job wrong -c -D "$(agent 4m)" "${all[@]}" -C "$wrong"
  grep -q 'had problems' "$tmp/wrong" || { cat "$tmp/wrong"; fail "a backup of $wrong"; }
  grep -q "^DLMe .*$wrong" "$tmp/wrong" || { cat "$tmp/wrong"; fail "nothing says what is wrong with $wrong"; }
done
kill "$mover"
ndmp_ends
