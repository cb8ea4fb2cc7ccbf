#!/usr/bin/env bash
# Mails by a relay that asks for user and password, over STARTTLS and over TLS; the password is in no answer, log, record or bundle.
source "$(dirname "$0")/lib.sh"
mkdir -p "$OCA_HOME"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=relay -addext subjectAltName=IP:127.0.0.1 \
  -keyout "$tmp/relay.key" -out "$tmp/relay.crt" 2>"$tmp/openssl.log" || fail "$(cat "$tmp/openssl.log")"
printf '[log]\nlevel = "debug"\n[mail]\nca_file = "%s"\n' "$tmp/relay.crt" >"$OCA_HOME/oca.toml"
start
secret='Zq7W "x" Secret'
relay=
# relay <security>: a new one.
relay() {
  [ -z "$relay" ] || { kill "$relay"; wait "$relay" || true; }
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  /usr/bin/python3 "$OCA_TOP/t/support/smtp_relay.py" "$port" "$tmp/mail" "$tmp/relay.crt" "$tmp/relay.key" "$1" oca-sender "$secret" >"$tmp/relay.log" 2>&1 &
  relay=$!
}
trap 'kill $relay 2>/dev/null || true' EXIT
configure() { oca email_alerts --configure --relay "127.0.0.1:$port" --sender oca@example.com --to admin@example.com "$@"; }
mails() { find "$tmp/mail/new" -type f 2>/dev/null | wc -l; }
nhm_answers() { oca email_alerts --status >/dev/null 2>&1; }
eventually 30 nhm_answers

relay starttls
with_secret() { "$@" <<<"$secret"; }
expect_error 2 'TLS alone' with_secret configure --user oca-sender
configure --security starttls --user oca-sender <<<"$secret" >"$tmp/shown"
eventually 30 oca email_alerts --test_email >>"$tmp/shown"
[ "$(mails)" = 1 ] || fail "$(mails) mails: $(cat "$tmp/relay.log")"
oca email_alerts --status | tee -a "$tmp/shown" | grep -qE '^Password +: set$'
oca email_alerts --status --json | tee -a "$tmp/shown" | jq -e '.user == "oca-sender" and .has_password and (has("password") | not)' >/dev/null
# Another relay does not get it.
relay tls
expect_error 2 'is needed again' oca email_alerts --configure --relay "127.0.0.1:$port"
configure --security tls --user oca-sender <<<"$secret" >>"$tmp/shown"
eventually 30 oca email_alerts --test_email >>"$tmp/shown"
[ "$(mails)" = 2 ] || fail "$(mails) mails: $(cat "$tmp/relay.log")"
# A wrong password, and one that survives a restart of nhm.
configure --security tls --user oca-sender <<<"not the password" >>"$tmp/shown"
expect_error 5 'the mail relay .*(denied|Login)' oca email_alerts --test_email
configure --security tls --user oca-sender <<<"$secret" >>"$tmp/shown"
stop
start
eventually 30 oca email_alerts --test_email >>"$tmp/shown"
[ "$(mails)" = 3 ] || fail "$(mails) mails: $(cat "$tmp/relay.log")"

oca maintenance --diags --collect >/dev/null
mkdir "$tmp/bundle"
tar --zstd -xf "$(oca maintenance --diags --show --json | jq -er '.bundles[0].path')" -C "$tmp/bundle"
oca audit --show --verbose --json >"$tmp/audit"
jq -e '.entries | any(.method == "ConfigureChannel" and .outcome == "done")' "$tmp/audit" >/dev/null
for word in "$secret" 'not the password' 'Zq7W' "$(cat "$OCA_HOME/config/mail.key")"; do
  ! grep -rF -- "$word" "$OCA_HOME/log" "$tmp/bundle" "$tmp/shown" "$tmp/audit" || fail "'$word' can be seen"
done
[ "$(stat -c %a "$OCA_HOME/config/mail.key")" = 600 ]
oca email_alerts --configure --user none | grep -qE '^Password +: -?$'
