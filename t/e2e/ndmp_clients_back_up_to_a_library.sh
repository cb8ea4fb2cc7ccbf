#!/usr/bin/env bash
# ocandmpd and ndmjob, a program of others: as client it asks what there is, runs its conformance test of the mover, and has another ndmjob,
# the filer, back up to a library on a container and restore from it, in all versions of the protocol and over several tapes.
source "$(dirname "$0")/lib.sh"
allow_log ' ndmp_not_authorized ' ' process_ended name=ocandmpd '
source "$(dirname "$0")/ndmp.sh"
filer_port=$other_port
PATH=$OCA_TOP/t/support/ndmjob:$PATH $ndmjob -o daemon -p "$filer_port" >"$tmp/filer.log" 2>&1 &
filer=$!
eventually 60 answers "$filer_port"

# Who it is, by both methods; and who it is not.
for method in 2m 3m 4t 4m; do
  job query -q -T "$(agent $method)"
  ! grep -q ' err ' "$tmp/query" || { cat "$tmp/query"; fail "query $method"; }
done
grep -q '/oca/lib1/drive1' "$tmp/query" || { cat "$tmp/query"; fail "no drives"; }
job wrong -q -T "127.0.0.1:$port/4m,backup_user,wrong-password"
grep -q 'err connect-auth-md5-failed' "$tmp/wrong" || { cat "$tmp/wrong"; fail "a wrong password gets in"; }
job robot -q -R "$(agent 4m)" -r /oca/lib1/changer
grep -q AFNGC6000 "$tmp/robot" || { cat "$tmp/robot"; fail "no tapes in the robot"; }

robot=(-R "$(agent 4m)" -r /oca/lib1/changer)
job load "${robot[@]}" -o load=1000
for method in 4m 3m 2m; do
  job "mover_$method" -o test-mover -T "$(agent $method)" -f /oca/lib1/drive0 -o no-time-stamps
  grep -q 'FINAL .*Passed -- pass=.* warn=0 fail=0' "$tmp/mover_$method" || { cat "$tmp/mover_$method"; fail "test-mover $method"; }
done

# Three-way: the filer's data comes to the gateway directly.
mkdir "$tmp/source"
cp -r "$tree" "$tmp/source/tree"
random_file "$tmp/source/noise" 3000001
for method in 4m 3m 2m 4t; do
  rm -rf "$tmp/restored"
  mkdir "$tmp/restored"
  filer_agent=127.0.0.1:$filer_port/${method%?}m,ndmp,ndmp
  tape=(-T "$(agent $method)" -f /oca/lib1/drive0)
  [ "$method" != 4m ] || job rewind "${tape[@]}" -o rewind
  size=20
  [ "$method" != 3m ] || size=128
  job "backup_$method" -c -D "$filer_agent" "${tape[@]}" -b $size -C "$tmp/source" -I "$tmp/index"
  job "restore_$method" -x -D "$filer_agent" "${tape[@]}" -b $size -C "$tmp/restored" -J "$tmp/index" -F /
  diff -r "$tmp/source" "$tmp/restored" >"$tmp/diff" || { head "$tmp/diff"; fail "restored by $method is not what was backed up"; }
done
job unload "${robot[@]}" -o unload

# More than a tape holds: the client has the robot change tapes when it hears of their ends.
cp -r "$tree" "$tmp/source/again"
tapes=(-m T1@1000 -m T2@1001 -m T3@1002)
all=(-T "$(agent 4m)" "${robot[@]}" -f /oca/lib1/drive0)
job labels -o init-labels "${all[@]}" "${tapes[@]}"
job backup_many -c -D "$filer_agent" "${all[@]}" -C "$tmp/source" -I "$tmp/index" "${tapes[@]}"
[ "$(grep -c '^CM ' "$tmp/index")" -ge 2 ] || { cat "$tmp/backup_many"; fail "one tape was enough"; }
rm -rf "$tmp/restored"
mkdir "$tmp/restored"
job restore_many -x -D "$filer_agent" "${all[@]}" -C "$tmp/restored" -J "$tmp/index" -F /
diff -r "$tmp/source" "$tmp/restored" >"$tmp/diff" || { head "$tmp/diff"; fail "restored from several tapes is not what was backed up"; }

# A gateway that is killed in the middle comes back, and the same backup again is whole.
timeout 120 $ndmjob -v -c -D "$filer_agent" "${all[@]}" -C "$tmp/source" "${tapes[@]}" >"$tmp/killed" 2>&1 &
killed=$!
eventually 60 grep -q 'Operation started' "$tmp/killed"
kill -KILL "$(cat "$OCA_HOME/run/ocandmpd.pid")"
wait "$killed" || true
eventually 60 answers "$port"
timeout 60 $ndmjob -v "${robot[@]}" -o unload >"$tmp/unload" 2>&1 || true
job backup_again -c -D "$filer_agent" "${all[@]}" -C "$tmp/source" -I "$tmp/index" "${tapes[@]}"
rm -rf "$tmp/restored"
mkdir "$tmp/restored"
job restore_again -x -D "$filer_agent" "${all[@]}" -C "$tmp/restored" -J "$tmp/index" -F /
diff -r "$tmp/source" "$tmp/restored" >"$tmp/diff" || { head "$tmp/diff"; fail "what was backed up after the kill is not what is restored"; }

kill "$filer"
ndmp_ends
