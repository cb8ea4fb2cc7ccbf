#!/usr/bin/env bash
# The API over HTTPS, as shipped: login, containers, tokens, metrics, a new certificate, a second appliance that wants the same port.
source "$(dirname "$0")/lib.sh"
start
url=$(cat "$OCA_HOME/run/ocahttp.url")
crt=$OCA_HOME/http/server.crt
grep -q "REST and its description are at $url" "$tmp/start.log" || fail "start does not say where: $(cat "$tmp/start.log")"
[ "$(stat -c %a "$OCA_HOME/http" "$OCA_HOME/http/server.key" | xargs)" = "700 600" ] || fail "the key can be reached"

# rest <curl arguments>: the body; the status is in $tmp/status.
rest() {
  curl -sS --max-time 60 --cacert "$crt" ${token:+-H "Authorization: Bearer $token"} -o "$tmp/body" -w '%{http_code}' "$@" >"$tmp/status"
  cat "$tmp/body"
}
# expect <status> <curl arguments>
expect() {
  local wanted=$1
  shift
  rest "$@" >/dev/null
  [ "$(cat "$tmp/status")" = "$wanted" ] || fail "$(cat "$tmp/status"), not $wanted: $* $(cat "$tmp/body")"
}

token=
expect 200 "$url/healthz"
expect 200 "$url/openapi.json"
expect 401 "$url/v1/containers"
password=$(sed -n 's/^The first administrator: user admin, password //p' "$tmp/start.log")
expect 401 "$url/v1/login" --json '{"name": "admin", "password": "not the password"}'
token=$(rest -c "$tmp/cookies" "$url/v1/login" --json "{\"name\": \"admin\", \"password\": \"$password\"}" | jq -er .token)
expect 200 "$url/v1/containers" --json '{"name": "over_http"}'
echo here >"$mnt/over_http/f"
expect 409 "$url/v1/containers" --json '{"name": "over_http"}'
expect 409 -X DELETE "$url/v1/containers/over_http"
jq -er .detail "$tmp/body" | grep over_http >/dev/null
expect 404 "$url/v1/containers/../../etc/passwd" --path-as-is
expect 405 -X PUT "$url/v1/containers"
head -c 2000000 /dev/zero >"$tmp/huge"
expect 413 "$url/v1/containers" -H 'Content-Type: application/json' --data-binary "@$tmp/huge"
token=
expect 200 -b "$tmp/cookies" "$url/v1/system"
field '.entries[] | select(.method == "AddContainer" and .target == "over_http" and .outcome == "done") | .origin' audit --show | grep '^https 127.0.0.1$' >/dev/null

# A program's token lets it look, until it is revoked.
token=$(field .secret user --addtoken --name admin --token prometheus)
expect 200 "$url/metrics"
grep -q '^oca_container_files{container="over_http"} 1$' "$tmp/body" || fail "no such metric: $(cat "$tmp/body")"
expect 403 "$url/v1/containers" --json '{"name": "no"}'
oca user --show --tokens | grep '^prometheus ' >/dev/null
oca user --deletetoken --token prometheus >/dev/null
expect 401 "$url/metrics"
grep -rqF -e "$token" -e "$password" "$OCA_HOME/log" && fail "a secret is in the logs"

# A new certificate is seen without a restart.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=new -addext subjectAltName=IP:127.0.0.1 \
  -keyout "$tmp/new.key" -out "$tmp/new.crt" 2>"$tmp/openssl.log" || fail "$(cat "$tmp/openssl.log")"
allow_log ' certificate_not_replaced '
pid=$(cat "$OCA_HOME/run/ocahttp.pid")
mv "$tmp/new.key" "$OCA_HOME/http/server.key"
mv "$tmp/new.crt" "$crt"
answers() { curl -sf --max-time 20 --cacert "$crt" "$1/healthz" -o "$tmp/body"; }
eventually 20 answers "$url"
[ "$(cat "$OCA_HOME/run/ocahttp.pid")" = "$pid" ] || fail "it was started again"

# Killed, it comes back; the rest does not notice.
allow_log ' process_ended name=ocahttp '
kill -KILL "$pid"
serves_again() { answers "$(cat "$OCA_HOME/run/ocahttp.url")"; }
eventually 20 serves_again
appliance status | grep '^ocahttp: runs' >/dev/null

# Who wants a port that is taken waits for it, and does everything else.
port=$(sed 's/.*://' "$OCA_HOME/run/ocahttp.url")
(
  export OCA_HOME=$OCA_WORK/h2
  mkdir -p "$OCA_HOME"
  printf '[http]\nport = %d\n' "$port" >"$OCA_HOME/oca.toml"
  allow_log ' port_taken '
  start
  grep -q 'REST is not served' "$tmp/start.log" || fail "start does not say that the port is taken"
  oca container --add --name two >/dev/null
)
stop
crt=$OCA_WORK/h2/http/server.crt
eventually 20 answers "https://127.0.0.1:$port"
