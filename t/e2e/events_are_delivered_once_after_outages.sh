#!/usr/bin/env bash
# What happens while nhm and PostgreSQL are dead is on record afterwards, once each, although oca_idm_eda was killed in between. An alert is
# raised and cleared, and mailed both times.
source "$(dirname "$0")/lib.sh"
mkdir -p "$OCA_HOME"
good='[watcher]
give_up_after = 3'
echo "$good" >"$OCA_HOME/oca.toml"
start
allow_log ' process_ended name=' ' process_given_up name=ocaconfigsvc ' ' cannot_serve ' ' configuration_not_confirmed '
holder() { cat "$OCA_HOME/run/$1.pid"; }
# told <count> <jq condition>: so many events on record fulfil it.
told() {
  local count
  count=$(oca alerts --show --events --all --json 2>/dev/null | jq "[.events[] | select($2)] | length")
  [ "$count" = "$1" ]
}
eventually 30 told 0 'false'

# A change and a failed login are told.
for name in one two three; do container "$name" >/dev/null; done
eventually 30 told 1 '.name == "configuration_changed" and (.text | endswith("AddContainer three"))'
refused=0
oca system --show --login admin <<<'wrong-password' >/dev/null 2>&1 || refused=$?
[ $refused = 7 ] || fail "a wrong password: exit code $refused"
eventually 30 told 1 '.name == "login_failed" and (.text | contains("admin"))'

# Nobody is there who could keep what happens now but oca_idm_eda; then that dies too.
watchers STOP
nhm=$(holder nhm)
postgres=$(head -n 1 "$OCA_HOME/pg/data/postmaster.pid")
eda=$(holder oca_idm_eda)
kill -KILL "$nhm" "$postgres"
eventually 20 ended "$nhm"
expect_error 5 'nhm.* cannot be reached' oca alerts --show
for name in one two three; do oca container --retention --name $name --mode governance >/dev/null; done
on_disk() { [ "$(cat "$OCA_HOME"/events/*.events | grep -ao 'SetRetention' | wc -l)" = 3 ]; }
eventually 30 on_disk
kill -KILL "$eda"
eventually 20 ended "$eda"
start
for name in one two three; do
  eventually 30 told 1 ".name == \"configuration_changed\" and (.text | endswith(\"SetRetention $name\"))"
done
# The watchers saw who was dead.
for name in nhm postgresql oca_idm_eda; do eventually 30 told 1 ".name == \"process_ended\" and (.text | startswith(\"$name \"))"; done

# Mails, by a real relay.
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
/usr/bin/python3 -m aiosmtpd -n -l "127.0.0.1:$port" -c aiosmtpd.handlers.Mailbox "$tmp/mail" >"$tmp/relay.log" 2>&1 &
relay=$!
trap 'kill $relay 2>/dev/null || true' EXIT
expect_error 4 'give --relay' oca email_alerts --enable
expect_error 2 'no mail address' oca email_alerts --configure --relay "127.0.0.1:$port" --sender 'a b@c' --to admin@example.com
oca email_alerts --configure --relay "127.0.0.1:$port" --sender oca@example.com --to admin@example.com >/dev/null
eventually 30 oca email_alerts --test_email >/dev/null
oca email_alerts --enable | grep -q 'Enabled  *: yes'
mails() { grep -lr -- "$1" "$tmp/mail/new" | wc -l; }
mailed() { [ "$(mails "$1")" = 1 ]; }
eventually 10 mailed 'This is a test'

echo 'nonsense = 1' >>"$OCA_HOME/oca.toml"
kill -KILL "$(holder ocaconfigsvc)"
eventually 60 mailed 'critical: ocaconfigsvc ended 3 times'
echo "$good" >"$OCA_HOME/oca.toml"
start
eventually 60 mailed 'cleared: ocaconfigsvc serves again'
oca alerts --show --cleared --json >"$tmp/alerts"
jq -e '[.alerts[] | select(.condition == "process_down" and .subject == "ocaconfigsvc" and .cleared != null)] | length == 1' "$tmp/alerts" >/dev/null ||
  fail "alerts: $(cat "$tmp/alerts")"
oca alerts --show --summary --json | jq -e '.events > 5 and .cleared >= 1' >/dev/null
oca email_alerts --status --json | jq -e '.enabled and .waiting == 0 and .last_error == "" and .last_sent != null' >/dev/null
oca audit --show --json | jq -e '.entries | any(.method == "ConfigureChannel" and .target == "email_alerts" and .before != null)' >/dev/null
