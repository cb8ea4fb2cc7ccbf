#!/usr/bin/env bash
# How NDMP is reached is set by oca while sessions go on; sessions are seen while they are open and after, whatever becomes of ocandmpd; logins
# that are refused again and again, and sessions that fail, are events.
source "$(dirname "$0")/lib.sh"
allow_log ' ndmp_not_authorized ' ' process_ended name=ocandmpd '
read -r port other_port first_port < <(python3 -c '
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*(s.getsockname()[1] for s in sockets))')
mkdir -p "$OCA_HOME"
printf 'address = "127.0.0.1"\nport = %d\n' "$port" >"$OCA_HOME/ndmp.toml"
printf '[vtl]\nfirst_port = %d\n' "$first_port" >"$OCA_HOME/oca.toml"
start
password=$(oca user --add --name backup_user --roles ndmp --generate_password --json | jq -er .generated_password)
answers() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
listens() { [ "$(field .listen_port ndmp --show)" = "$1" ]; }
eventually 60 listens "$port"
oca ndmp --show | grep -q '^NDMP Users    : backup_user$'
oca ndmp --show --json | jq -e '.running and .settings.port == '"$port"' and .settings.first_data_port == 0 and .versions == [2, 3, 4]
  and .users == ["backup_user"] and .problem == "" and .revision == 1' >/dev/null
[ "$(oca stats --ndmp --json | jq -c .)" = '{"sessions":[]}' ] || fail "sessions: $(oca stats --ndmp --json)"

# What cannot be is refused.
expect_error 2 'too small a range' oca ndmp --update --data_ports 43000-43000
expect_error 2 'one of the data ports' oca ndmp --update --data_ports "$((port - 1))-$((port + 1))"
expect_error 4 'no address of this machine' oca ndmp --update --address 192.0.2.1
expect_error 2 'nothing to set' oca ndmp --update
mkfifo "$tmp/hold"
python3 -c '
import socket, sys
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("taken", flush=True)
sys.stdin.read()' "$other_port" <"$tmp/hold" >"$tmp/taken" &
taken=$!
exec 3>"$tmp/hold"
eventually 30 test -s "$tmp/taken"
expect_error 4 'in use by another service' oca ndmp --update --port "$other_port"
exec 3>&-
wait "$taken"

# session <name> <port>: one in the background, which works when a line comes to descriptor 3.
session() {
  mkfifo "$tmp/$1"
  "$OCA_TOP/t/support/ndmp_session.py" "$2" backup_user "$password" <"$tmp/$1" >"$tmp/$1.out" &
  session=$!
  exec 3>"$tmp/$1"
  eventually 30 grep -q '^in$' "$tmp/$1.out"
}
session first "$port"
signed_in() { oca stats --ndmp --json | jq -e '.sessions[0] | .user == "backup_user" and .connection_state == "signed_in"' >/dev/null; }
eventually 30 signed_in
oca stats --ndmp | grep -q '127.0.0.1:.*backup_user .*signed_in'
oca ndmp --update --port "$other_port" --data_ports 43000-43040 | grep -q 'those that are open go on'
eventually 30 listens "$other_port"
answers "$other_port" || fail "nobody at the new port"
if answers "$port"; then fail "the old port is still served"; fi
echo again >&3
eventually 30 grep -q '^alive$' "$tmp/first.out"
exec 3>&-
wait "$session"
completed() { [ "$(field ".sessions | map(select(.result == \"$1\" and .user == \"backup_user\")) | length" stats --ndmp_completed)" = "$2" ]; }
eventually 30 completed successful 1

# A start anew finds everything, and an end without a word is seen as such.
session second "$other_port"
eventually 30 signed_in
ocandmpd=$(cat "$OCA_HOME/run/ocandmpd.pid")
kill -KILL "$ocandmpd"
eventually 60 completed interrupted 1
eventually 60 answers "$other_port"
exec 3>&-
wait "$session" || true
completed successful 1 || fail "the session before is forgotten"
oca stats --ndmp_completed | grep -q ' interrupted '
[ "$(field '.sessions | length' stats --ndmp_completed --limit 1)" = 1 ]
session third "$other_port"
eventually 30 signed_in
kill "$(cat "$OCA_HOME/run/ocandmpd.pid")"
eventually 60 completed shut_down 1
exec 3>&-
wait "$session" || true
eventually 60 listens "$other_port"

# Who guesses is told about.
[ "$("$OCA_TOP/t/support/ndmp_session.py" "$other_port" mallory guess 5 </dev/null)" = refused ]
told() { oca alerts --show --events --all | grep -q "5 NDMP logins from 127.0.0.1 were refused in a row, the last as 'mallory'"; }
eventually 60 told
