#!/usr/bin/env bash
# A tape library from the command line to a host's data: access, a stop and start, and a kill of each process in the middle of a write.
source "$(dirname "$0")/lib.sh"
allow_log ' process_ended name=' ' stale_mount_removed ' ' configuration_not_confirmed ' ' mount_in_use ' ' tgtd_ended ' ' library_gone ' \
  ' library_not_as_wanted ' ' library_not_stopped_well '
mkdir "$OCA_HOME"
printf '[vtl]\nfirst_port = %d\n' $((20000 + RANDOM % 10000)) >"$OCA_HOME/oca.toml"
start

oca iscsi --setpassword <<<'backup-secret' >/dev/null
oca container --add --name lib1 --type VTL --tape_size 10GB --no_of_drives 2 --no_of_tapes 3 >/dev/null
[ "$(field .type container --show --name lib1)" = vtl ]
live() { field ".live.$1" vtl --show --name lib1; }
PORTAL=$(live portal)
TARGET=$(live target)
INITIATOR=iqn.2026-11.local.test:host
export PORTAL TARGET INITIATOR CHAP_USER=iscsi_user CHAP_PASSWORD=backup-secret
probe() { "$OCA_BIN/iscsi_probe" "$@"; }
serving() { [ "$(live state)" = serving ]; }
# serving_anew <pid>: by another tgtd.
serving_anew() { serving && [ "$(live pid)" != "$1" ]; }

# Nobody but the appliance's own gateways may log in before somebody says so.
served() { # what gateways are told, by gRPC as it is on the wire
  printf '\0\0\0\0\0' | curl -s --http2-prior-knowledge --unix-socket "$OCA_HOME/run/ocavtl.sock" -H 'content-type: application/grpc' \
    -H 'te: trailers' --data-binary @- http://localhost/oca.vtl.v1.Vtl/ListServed | tail -c +6 |
    protoc --proto_path="$OCA_TOP" --decode=oca.vtl.v1.ListServedResponse "$OCA_TOP/lib/api/vtl.proto"
}
ask_served() { served >"$tmp/served" && grep -q portal "$tmp/served"; }
told() { sed -n "s/^  $1: \"\(.*\)\"/\1/p" "$tmp/served"; }
gateway() {
  eventually 60 ask_served
  PORTAL=$(told portal) TARGET=$(told target) INITIATOR=$(told initiator) CHAP_USER=$(told user) CHAP_PASSWORD=$(told password) probe "$@"
}
gateway login

# Then those who are named, with the right password.
! probe login 2>/dev/null || fail "a host was let in without a connection"
expect_error 4 'cannot be used for CHAP' oca connection --add --name lib1 --type ISCSI --initiators "$INITIATOR" --chap_user admin
oca connection --add --name lib1 --type ISCSI --initiators "$INITIATOR" --target_user tape <<<'target-secret' >/dev/null
probe login
TARGET_USER=tape TARGET_PASSWORD=target-secret probe login
! TARGET_USER=tape TARGET_PASSWORD=other-secret1 probe login 2>/dev/null || fail "the target proved itself with another password"
! CHAP_PASSWORD=wrong-secret probe login 2>/dev/null || fail "a wrong password opened the library"
! INITIATOR=iqn.2026-11.local.test:stranger probe login 2>/dev/null || fail "a stranger was let in"
# Other initiators than ours see the same.
iscsi-ls -i "$INITIATOR" "iscsi://$CHAP_USER%$CHAP_PASSWORD@$PORTAL" | grep -q "$TARGET"
iscsi-inq -i "$INITIATOR" "iscsi://$CHAP_USER%$CHAP_PASSWORD@$PORTAL/$TARGET/1" | grep -q L700
iscsi-inq -i "$INITIATOR" "iscsi://$CHAP_USER%$CHAP_PASSWORD@$PORTAL/$TARGET/3" | grep -q ULT3580-TD4

probe move 1000 500
probe write 2 3 >/dev/null
probe read 2 3
stop
start
eventually 60 serving
probe read 2 3
[ "$(live 'cartridges[0].address')" = 500 ]

# kill_while_writing <command that kills>: each file whose mark was acknowledged is there afterwards, and the tape is where it was.
kill_while_writing() {
  local writer tgtd
  tgtd=$(live pid)
  : >"$tmp/written"
  probe write 2 100000 >"$tmp/written" 2>"$tmp/write.err" &
  writer=$!
  eventually 60 grep -q '^file 5$' "$tmp/written"
  "$@"
  ! wait "$writer" || fail "the writer went on through: $*"
  eventually 60 serving_anew "$tgtd"
  eventually 60 probe login 2>/dev/null
  probe read 2 "$(grep -c '^file' "$tmp/written")"
  [ "$(live 'cartridges[0].address')" = 500 ] || fail "after $*: the tape is elsewhere"
}
kill_tgtd() { kill -KILL "$(live pid)"; }
kill_part() {
  local pid
  pid=$(pid_of "$1")
  kill -KILL "$pid"
  eventually 20 ended "$pid"
}
kill_while_writing kill_tgtd
kill_while_writing kill_part ocavtl
kill_while_writing kill_part ocafsd
# Without PostgreSQL and ocaconfigsvc tapes go on, a new ocavtl included.
watchers STOP
database=$(pid_of postgresql)
tapes=$(pid_of ocavtl)
kill_part ocaconfigsvc
kill -INT "$database"
probe read 2 3
kill -KILL "$tapes"
eventually 20 ended "$tapes"
"$OCA_BIN/ocavtl" manage --home "$OCA_HOME" &
eventually 60 probe login 2>/dev/null
probe read 2 3
kill -TERM $!
wait $!
start
eventually 60 serving

# A portal that cannot be is taken back, and nothing listens elsewhere.
expect_error 4 'cannot listen at 203.0.113.5:3260' oca vtl --update --name lib1 --portal 203.0.113.5:3260
[ "$(live portal)" = "$PORTAL" ]
eventually 60 probe login

# What is in use is not deleted.
probe write 2 100000 >"$tmp/written" 2>/dev/null &
eventually 60 grep -q '^file 1$' "$tmp/written"
oca iscsi --sessions --json | jq -e ".sessions[0].initiator == \"$INITIATOR\"" >/dev/null
expect_error 4 'logged in' oca container --delete --name lib1 --delete_files --yes
oca vtl --update --name lib1 --no_of_drives 3 >/dev/null
oca vtl --add_carts --name lib1 --no_of_tapes 2 | tail -n 1 | grep -q '004$'
oca connection --update --name lib1 --initiators "$INITIATOR,iqn.2026-11.local.test:second" >/dev/null
INITIATOR=iqn.2026-11.local.test:second probe login
kill -0 $! || fail "the writer did not live through a new drive and a new initiator"
oca connection --disable --name lib1 >/dev/null
! wait $! || fail "a session outlived its connection"
! probe login 2>/dev/null || fail "a host was let in by a disabled connection"
eventually 60 gateway read 2 1
expect_error 4 '5 cartridges' oca container --delete --name lib1 --yes

# Another appliance, told of the same ports, takes others.
first=$OCA_HOME
export OCA_HOME=$OCA_WORK/h2
mkdir "$OCA_HOME"
cp "$first/oca.toml" "$OCA_HOME/oca.toml"
start
oca container --add --name lib1 --type VTL --no_of_tapes 0 >/dev/null
[ "$(live portal)" != "$PORTAL" ] || fail "two appliances have one portal"
oca container --delete --name lib1 --yes >/dev/null
stop
export OCA_HOME=$first
oca container --delete --name lib1 --delete_files --yes >/dev/null
[ "$(oca vtl --show --names_only)" = "" ]
[ ! -e "$mnt/lib1" ]
