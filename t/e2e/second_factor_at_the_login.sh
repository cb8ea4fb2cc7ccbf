#!/usr/bin/env bash
# A second factor as shipped: enrolled, asked for by the command line and by REST, never taken twice, gone by a recovery code or the account that
# runs the appliance; neither secret nor recovery code is in a dump, a file or a log.
source "$(dirname "$0")/lib.sh"
start
password=$(sed -n 's/^The first administrator: user admin, password //p' "$tmp/start.log")
url=$(cat "$OCA_HOME/run/ocahttp.url")

# code <secret> <steps from now>: what an app shows (RFC 6238).
code() {
  python3 - "$1" "$2" <<'PY'
import base64, hashlib, hmac, struct, sys, time
counter = int(time.time()) // 30 + int(sys.argv[2])
mac = hmac.new(base64.b32decode(sys.argv[1]), struct.pack(">Q", counter), hashlib.sha1).digest()
at = mac[-1] & 15
print(f"{(struct.unpack('>I', mac[at:at + 4])[0] & 0x7fffffff) % 10**6:06}")
PY
}
# as <lines of standard input...> -- <oca arguments...>: as admin, with the password.
as() {
  local lines=("$password")
  while [ "$1" != -- ]; do
    lines+=("$1")
    shift
  done
  shift
  printf '%s\n' "${lines[@]}" | oca --login admin "$@"
}
# refused <exit code> <text> <as arguments...>
refused() {
  local wanted=$1 text=$2 got=0
  shift 2
  as "$@" >"$tmp/out" 2>"$tmp/err" || got=$?
  [ $got = "$wanted" ] || fail "exit code $got, not $wanted: $* $(cat "$tmp/err")"
  grep -q -- "$text" "$tmp/err" || fail "no '$text': $(cat "$tmp/err")"
}
# login [code]: over REST; prints the status, the answer is in $tmp/login.
login() {
  jq -n --arg password "$password" --arg code "${1:-}" '{name: "admin", password: $password, one_time_code: $code}' >"$tmp/request"
  curl -sS --max-time 60 --cacert "$OCA_HOME/http/server.crt" -H 'Content-Type: application/json' --data-binary "@$tmp/request" \
    -o "$tmp/login" -w '%{http_code}' "$url/v1/login"
}

as -- user --totp --enable --json >"$tmp/begun"
secret=$(jq -er .secret "$tmp/begun")
jq -er .secret_uri "$tmp/begun" | grep "^otpauth://totp/Oca:admin.*secret=$secret&" >/dev/null
as -- system --show >/dev/null
refused 1 'not right' abcdef -- user --totp --confirm
as "$(code "$secret" 0)" -- user --totp --confirm --json >"$tmp/codes"
[ "$(jq '.one_time_codes | length' "$tmp/codes")" = 10 ] || fail "no ten codes: $(cat "$tmp/codes")"
mapfile -t codes < <(jq -r '.one_time_codes[]' "$tmp/codes")
oca user --totp --show | grep -E '^admin +yes +10$' >/dev/null

refused 2 'no code was given' -- system --show
refused 7 'not right' "${codes[0]}x" -- system --show
[ "$(login)" = 401 ] || fail "REST lets in without a code: $(cat "$tmp/login")"
jq -e '.type == "urn:oca:problem:code-needed"' "$tmp/login" >/dev/null || fail "$(cat "$tmp/login")"
as "${codes[0]}" -- system --show >/dev/null
refused 7 'used before' "${codes[0]}" -- system --show

# A code of the app, once; after a new start too. That of the next step is taken already.
next=$(code "$secret" 1)
[ "$(login "$next")" = 200 ] || fail "REST refuses the code: $(cat "$tmp/login")"
stop
start
url=$(cat "$OCA_HOME/run/ocahttp.url")
[ "$(login "$next")" = 401 ] || fail "a code is taken twice"
jq -e '.type == "urn:oca:problem:code-wrong"' "$tmp/login" >/dev/null || fail "$(cat "$tmp/login")"
as "${codes[1]}" -- system --show >/dev/null

# Programs have no app.
token=$(field .secret user --addtoken --name admin --token program)
curl -sSf --max-time 60 --cacert "$OCA_HOME/http/server.crt" -H "Authorization: Bearer $token" "$url/v1/system" >/dev/null

# Nothing of it where it could be found.
pg_dump --host "$OCA_HOME/pg/run" --username oca oca >"$tmp/dump"
grep -q 'COPY oca_config.user_totp' "$tmp/dump" || fail "no dump"
oca audit --show --limit 10000 --json >"$tmp/audit"
raw=$(python3 -c 'import base64, sys; print(base64.b32decode(sys.argv[1]).hex())' "$secret")
for found in "$secret" "$raw" "${codes[@]}" "${codes[@]//-/}"; do
  ! grep -rqiF -- "$found" "$tmp/dump" "$tmp/audit" "$OCA_HOME"/{log,run,config,pg} ||
    fail "a secret is in: $(grep -rliF -- "$found" "$tmp/dump" "$tmp/audit" "$OCA_HOME"/{log,run,config,pg})"
done

# The phone is lost, and so is the paper: root of the machine helps.
revision=$(field .revision user --show --name admin)
expect_error 4 'changed since' oca user --totp --reset --name admin --revision 1 --yes
oca user --totp --reset --name admin --revision "$revision" --yes >/dev/null
as -- system --show >/dev/null
oca audit --show --target admin --json |
  jq -e '.entries | any(.method == "ResetTotp" and .outcome == "done" and .before.has_totp and (.after.has_totp | not))' >/dev/null ||
  fail "the reset is not on record"
