#!/usr/bin/env bash
# Replication links, their windows and limits: set by the command line and by REST, refused where they make no sense, kept over a start anew.
source "$(dirname "$0")/lib.sh"
start
url=$(cat "$OCA_HOME/run/ocahttp.url")
password=$(sed -n 's/^The first administrator: user admin, password //p' "$tmp/start.log")
for c in a b locked; do container "$c" >/dev/null; done

# rest <status> <curl arguments>: the body, when the status is that one.
rest() {
  local wanted=$1 got
  shift
  got=$(curl -sS --max-time 60 --cacert "$OCA_HOME/http/server.crt" ${token:+-H "Authorization: Bearer $token"} -o "$tmp/body" -w '%{http_code}' "$@")
  [ "$got" = "$wanted" ] || fail "$got, not $wanted: $* $(cat "$tmp/body")"
  cat "$tmp/body"
}
token=
token=$(rest 200 "$url/v1/login" --json "{\"name\": \"admin\", \"password\": \"$password\"}" | jq -er .token)

# Made and shown; nobody is told that something is copied.
oca replication --show | grep -q 'no such replication link' || fail "links that nobody made"
oca replication --add --name a --role source --peer OCA2.Example.com >"$tmp/added"
grep -q '^State *: not_served: this release has no replication service$' "$tmp/added" || fail "$(cat "$tmp/added")"
grep -q '^Nothing is copied' "$tmp/added" || fail "it does not say that nothing is copied: $(cat "$tmp/added")"
rest 200 "$url/v1/replication/links" --json '{"name": "a", "role": "REPLICATION_ROLE_TARGET", "peer": "2001:db8:0::7", "peer_name": "origin",
  "encryption": "REPLICATION_ENCRYPTION_NONE", "username": "eve"}' | jq -e '.peer == "2001:db8::7" and .enabled' >/dev/null
link() { field "[.links[] | select(.name == \"$1\" and .role == \"$2\")][0] | $3" replication --show; }
[ "$(link a source .peer)/$(link a source .peer_name)/$(link a source .encryption)" = oca2.example.com/a/aes256 ]
[ "$(link a target .peer_name)/$(link a target .encryption)/$(link a target .username)" = origin/none/eve ]

# What makes no sense is refused, and says why.
expect_error 3 nosuch oca replication --add --name nosuch --role source --peer h
expect_error 4 'already' oca replication --add --name a --role source --peer oca3
expect_error 2 'this machine' oca replication --add --name b --role source --peer localhost
expect_error 2 'neither a host name' oca replication --add --name b --role source --peer 192.0.2.300
expect_error 2 '--role' oca replication --add --name b --peer h
oca replication --add --name b --role source --peer h --peer_name origin >/dev/null
expect_error 2 'loop' oca replication --add --name b --role target --peer H --peer_name origin
oca replication --add --name b --role target --peer h3 --peer_name origin >/dev/null
expect_error 2 'loop' oca replication --update --name b --role target --peer H
oca replication --stop --name b --role target >/dev/null
oca replication --delete --name b --role target --yes >/dev/null
oca container --retention --name locked --mode governance >/dev/null
expect_error 4 'locks files' oca replication --add --name locked --role target --peer h
expect_error 4 'target of a replication link' oca container --retention --name a --mode governance
expect_error 4 'replication links.*oca2.example.com' oca container --delete --name a --delete_files --yes
[ -d "$mnt/a" ] || fail "the container is gone"
expect_error 4 'replication --stop' oca replication --delete --name a --role source --yes
expect_error 2 'nobody to ask' oca replication --delete --name a --role source

# Windows and limits.
oca schedule --add --replication --name a --day all --start_time 22:00 --stop_time 24:00 >/dev/null
oca schedule --delete --replication --name a --day sun >/dev/null
rest 200 -X PATCH "$url/v1/schedules/replication/a" --json '{"window": {"day": "WEEKDAY_MONDAY", "start_minute": 60, "stop_minute": 120}}' |
  jq -e '.windows | length == 6' >/dev/null
[ "$(field '.replication[] | select(.name == "a") | .windows[0].stop_time' schedule --show --replication)" = 02:00 ]
oca schedule --show --replication | grep -qE '^b +always ' || fail "$(oca schedule --show --replication)"
oca schedule --show | grep -q 'The cleaner has no windows' || fail "the cleaner has windows"
expect_error 3 'source' oca schedule --show --replication --name locked
oca replication --limit --target oca2.example.com --speed 10MiB >/dev/null
expect_error 2 '192' oca replication --limit --target h --speed 191
[ "$(field '.limits[0] | "\(.peer) \(.kib_per_second) \(.links)"' replication --show --limits)" = 'oca2.example.com 10240 1' ]

# Of two who change the same the second is told so.
revision=$(link a source .revision)
oca replication --update --name a --role source --replication_traffic 192.0.2.7 --revision "$revision" >/dev/null
expect_error 4 'changed since' oca replication --update --name a --role source --encryption none --revision "$revision"
rest 412 -X PATCH "$url/v1/replication/links/a" --json "{\"role\": \"REPLICATION_ROLE_SOURCE\", \"peer\": \"h2\", \"revision\": \"$revision\"}" |
  jq -e '.code == "ABORTED"' >/dev/null
expect_error 4 'changed since' oca schedule --delete --replication --name a --revision "$revision"
oca replication --stop --name b --role source >/dev/null

# A start anew finds everything as it was; REST and the bundle of diagnostics tell the same.
state() {
  oca replication --show --json
  oca replication --show --limits --json
  oca schedule --show --replication --json
}
state >"$tmp/before"
stop
start
state >"$tmp/after"
diff "$tmp/before" "$tmp/after" || fail "something was lost"
[ "$(link b source .state)/$(link a source .state)" = stopped/not_served ]
url=$(cat "$OCA_HOME/run/ocahttp.url")
token=
token=$(rest 200 "$url/v1/login" --json "{\"name\": \"admin\", \"password\": \"$password\"}" | jq -er .token)
rest 200 "$url/v1/replication/links?name=a&role=REPLICATION_ROLE_TARGET" | jq -e '.links | map(.peer_name) == ["origin"]' >/dev/null
rest 200 "$url/v1/schedules/replication" | jq -e '.schedules | map(.name) == ["a", "b"]' >/dev/null
rest 200 "$url/v1/replication/limits" | jq -e '.limits[0].kib_per_second == "10240"' >/dev/null
oca maintenance --diags --collect basic >/dev/null
tar --zstd -xOf "$(field '.bundles[0].path' maintenance --diags --show)" --wildcards '*/configuration/replication.json' | grep -q oca2.example.com

# Taken away again; all of it is on record.
oca replication --stop --name a --role source >/dev/null
oca replication --delete --name a --role source --force >/dev/null
rest 200 -X PATCH "$url/v1/replication/links/a" --json '{"role": "REPLICATION_ROLE_TARGET", "enabled": false}' >/dev/null
rest 200 -X DELETE "$url/v1/replication/links/a?role=REPLICATION_ROLE_TARGET" >/dev/null
expect_error 3 'not the source' oca replication --start --name a --role source
oca container --delete --name a --yes >/dev/null
oca replication --limit --target oca2.example.com --speed unlimited >/dev/null
[ "$(field '.limits | length' replication --show --limits)" = 0 ]
for method in AddReplicationLink UpdateReplicationLink DeleteReplicationLink SetReplicationLimit SetReplicationWindow; do
  field "[.entries[] | select(.method == \"$method\" and .outcome == \"done\")][0] | .target" audit --show --limit 1000 >/dev/null ||
    fail "$method is not on record"
done
