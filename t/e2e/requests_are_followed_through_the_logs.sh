#!/usr/bin/env bash
# The id of a request stands in the log lines of each process that worked for it: given or made at REST, made by the command line and for each
# line of an ssh session. What is no id is replaced. Failures name it.
source "$(dirname "$0")/lib.sh"
allow_log ' library_gone library=tapes ' ' library_not_as_wanted library=tapes '
mkdir -p "$OCA_HOME"
printf '[log]\nlevel = "debug"\n[vtl]\nfirst_port = %d\n' $((20000 + RANDOM % 10000)) >"$OCA_HOME/oca.toml"
start
log=$OCA_HOME/log
url=$(cat "$OCA_HOME/run/ocahttp.url")
password=$(sed -n 's/^The first administrator: user admin, password //p' "$tmp/start.log")
rest() { curl -sS --max-time 60 --cacert "$OCA_HOME/http/server.crt" ${token:+-H "Authorization: Bearer $token"} -D "$tmp/header" "$@"; }
answered() { tr -d '\r' <"$tmp/header" | sed -n 's/^x-request-id: //Ip'; }
# logged <id> <process>...: each has a line of the request.
logged() {
  local id=$1 name
  shift
  for name in "$@"; do eventually 20 grep -q " request=$id\$" "$log/$name.log"; done
}
token=
token=$(rest "$url/v1/login" --json "{\"name\": \"admin\", \"password\": \"$password\"}" | jq -er .token)

# By REST, through three processes; ocafsd tells it at level info too.
rest -H 'X-Request-Id: nightly-42.a' "$url/v1/containers" --json '{"name": "followed"}' | jq -e '.name == "followed"' >/dev/null
[ "$(answered)" = nightly-42.a ] || fail "answered with another id: $(cat "$tmp/header")"
logged nightly-42.a ocahttp ocaconfigsvc ocafsd
grep -q ' change .*target=followed .* request=nightly-42.a$' "$log/ocaconfigsvc.log" || fail "the change has another id"
grep -q ' container_added container=followed .* request=nightly-42.a$' "$log/ocafsd.log" || fail "ocafsd has another id"
# What is no id is replaced, in the answer and in the logs.
for hostile in 'two words' 'x" I ocafsd[1] forged' "$(printf 'x%.0s' {1..65})" 'a=b'; do
  rest -H "X-Request-Id: $hostile" "$url/v1/containers?name=followed" -o "$tmp/body"
  [[ $(answered) =~ ^[0-9a-f]{16}$ ]] || fail "answered to '$hostile': $(cat "$tmp/header")"
  logged "$(answered)" ocahttp ocaconfigsvc
  ! grep -rF "$hostile" "$log" || fail "'$hostile' is in the logs"
done

# By the command line, to ocafsd and to ocavtl.
id_of() { sed -n "s/.* change .*method=$1 target=$2 .* request=\([^ ]*\)\$/\1/p" "$log/ocaconfigsvc.log" | tail -n 1; }
made() { [[ $(id_of "$1" "$2") =~ ^[0-9a-f]{16}$ ]]; }
container by_hand >/dev/null
eventually 20 made AddContainer by_hand
logged "$(id_of AddContainer by_hand)" ocafsd
oca container --add --name tapes --type VTL >/dev/null
oca vtl --add_carts --name tapes --no_of_tapes 2 >/dev/null
eventually 20 made AddTapes tapes
logged "$(id_of AddTapes tapes)" ocavtl
grep -q " cartridges_added library=tapes count=2 request=$(id_of AddTapes tapes)\$" "$log/ocavtl.log" || fail "ocavtl has another id"
# Each line of a session is a request.
printf 'container --add --name line1\ncontainer --add --name line2\n' | "$OCA_BIN/oca-shell" --home "$OCA_HOME" --user admin >/dev/null
eventually 20 made AddContainer line2
[ "$(id_of AddContainer line1)" != "$(id_of AddContainer line2)" ] || fail "two lines have one id"
logged "$(id_of AddContainer line2)" ocafsd

# Who meets a failure is told under which id it is in the logs; who made a mistake is not.
kill_ocafsd
expect_error 5 'in the logs this is request=' oca container --add --name nobody_there
id=$(sed -n 's/^oca: in the logs this is request=//p' "$tmp/err")
eventually 20 grep -q "target=nobody_there .* request=$id\$" "$log/ocaconfigsvc.log"
start
expect_error 3 'no container' oca container --show --name nothere
! grep -q 'request=' "$tmp/err" || fail "a mistake names a request: $(cat "$tmp/err")"
