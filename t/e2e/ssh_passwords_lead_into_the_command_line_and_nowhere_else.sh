#!/usr/bin/env bash
# By the real sshd: an account of the machine, made by oca-ssh-user, comes in by its password as the user of its name; roles and the second factor
# hold; no command, quoting, environment, subsystem or forwarding leads to a system shell. Accounts are made in a copy of /etc, which only this
# test's processes see.
if [ "$(id -u)" != 0 ]; then
  echo "skipped: only root can make accounts"
  exit 0
fi
if [ "${1:-}" != inside ]; then exec unshare --mount --propagation private -- bash -euo pipefail "$0" inside; fi
umount --all --types fuse.oca --lazy # copies of other tests' mounts, which would outlive them
source "$(dirname "$0")/lib.sh"
cp -a /etc "$OCA_WORK/etc"
mount --bind "$OCA_WORK/etc" /etc
groupadd --system oca-ssh-test
mkdir -p "$OCA_HOME"
printf '[ssh]\naccount_group = "oca-ssh-test"\n' >"$OCA_HOME/oca.toml"
start
account() { "$OCA_TOP/etc/oca-ssh-user" "$@" --home "$OCA_HOME" --bin "$OCA_BIN"; }

# --- accounts
oca user --add --name boss --roles administrator --no_password >/dev/null
oca user --add --name mon --roles monitor --no_password >/dev/null
oca user --add --name tape --roles ndmp --no_password >/dev/null
for name in boss mon; do echo "pass of $name" | account add "$name"; done
expect_error 1 'neither the role' account add tape
expect_error 3 'no user' account add nobody-here
expect_error 1 'already' account add mon
oca user --update --name tape --roles monitor >/dev/null
expect_error 1 'no password was set' account add tape
! getent passwd tape >/dev/null || fail "an account without a password is left"
oca user --add --name daemon --roles administrator --no_password >/dev/null
expect_error 1 'changes no account' account add daemon
expect_error 1 'that this made' account remove daemon
[ "$(account list | sort | xargs)" = "boss mon" ] || fail "accounts: $(account list)"
# Of a user that is not there (any more).
oca user --add --name gone --roles monitor --no_password >/dev/null
echo "pass of gone" | account add gone
oca user --delete --name gone --yes >/dev/null

# --- sshd, with the shipped configuration
ssh-keygen -q -t ed25519 -N '' -f "$tmp/host"
ssh-keygen -q -t ed25519 -N '' -f "$tmp/key"
install -d -m 0755 /run/sshd
port=
serve() {
  port=$((20000 + RANDOM % 20000))
  {
    printf 'Port %s\nListenAddress 127.0.0.1\nHostKey %s\nPidFile %s\n' "$port" "$tmp/host" "$tmp/sshd.pid"
    printf 'UsePAM no\nStrictModes no\nAcceptEnv LANG LC_*\nSubsystem sftp /usr/lib/openssh/sftp-server\n'
    sed -e 's|^Match Group oca-ssh$|Match Group oca-ssh-test|' -e "s|/usr/bin/oca-shell|$OCA_BIN/oca-shell|" -e "s|/var/lib/oca|$OCA_HOME|" \
      "$OCA_TOP/etc/sshd_oca.conf"
  } >"$tmp/sshd_config"
  rm -f "$tmp/sshd.pid"
  /usr/sbin/sshd -f "$tmp/sshd_config" -E "$tmp/sshd.log" && eventually 10 test -s "$tmp/sshd.pid"
}
serve || serve || serve || { cat "$tmp/sshd.log"; fail "sshd does not start"; }
trap 'kill "$(cat "$tmp/sshd.pid")" 2>/dev/null || true' EXIT
# ssh asks this program for the password, as it has no terminal.
cat >"$tmp/askpass" <<'SH'
#!/bin/sh
printf '%s\n' "$OCA_TEST_PASSWORD"
SH
chmod 755 "$tmp/askpass"
options=(-F none -p "$port" -o StrictHostKeyChecking=no -o UserKnownHostsFile="$tmp/known" -o LogLevel=ERROR -o NumberOfPasswordPrompts=1)
# by <program> <arguments...>: with the password in OCA_TEST_PASSWORD.
by() { SSH_ASKPASS=$tmp/askpass SSH_ASKPASS_REQUIRE=force setsid --wait "$@"; }
# as <user> <ssh arguments...>
as() {
  local user=$1
  shift
  OCA_TEST_PASSWORD=${password-pass of $user} by ssh "${options[@]}" "$user@127.0.0.1" "$@"
}

# --- who may do what
as boss container --add --name overssh </dev/null >/dev/null
as boss "container --show --name 'overssh' --json" </dev/null | jq -e '.name == "overssh"' >/dev/null
as mon container --show --names_only </dev/null | grep -qx overssh
expect_error 1 'takes the role administrator' as mon container --add --name bymon
expect_error 3 'no container is named' as boss container --show --name nothere
expect_error 2 'login' as mon container --show --login boss
expect_error 2 'home' as mon container --show --home /tmp
password=wrong expect_error 255 'denied' as boss system --show
password="" expect_error 255 'denied' as boss system --show
expect_error 255 'denied' as boss -o PasswordAuthentication=no -o PreferredAuthentications=publickey,keyboard-interactive -i "$tmp/key" system --show
expect_error 7 "Oca has no user 'gone', or the user is disabled" as gone system --show
oca audit --show --target overssh --json | jq -e '.entries[0] | .user == "boss" and .origin == "ssh 127.0.0.1" and .outcome == "done"' >/dev/null
oca audit --show --target bymon --json | jq -e '.entries[0] | .user == "mon" and .outcome == "denied"' >/dev/null
oca audit --show --target gone --json | jq -e '.entries[0] | .method == "Login" and .outcome == "failed"' >/dev/null
oca user --show --logins --json | jq -e '(.logins // []) == []' >/dev/null || fail "logins are left: $(oca user --show --logins)"

# --- a session
printf 'container --show --names_only\n!sh\nsystem --show; id\nexit\n' | as mon >"$tmp/session" 2>&1 || true
grep -qx overssh "$tmp/session" || fail "no session: $(cat "$tmp/session")"
printf 'container --show --names_only\r!sh\rexit\r' | as mon -tt >"$tmp/session_tty" 2>&1 || true
grep -q 'mon@oca> ' "$tmp/session_tty" || fail "no prompt: $(cat "$tmp/session_tty")"
grep -q overssh "$tmp/session_tty" || fail "no session on a terminal: $(cat "$tmp/session_tty")"
! grep -q 'uid=' "$tmp/session" "$tmp/session_tty" || fail "a session reached a shell"

# --- no way to a shell
mark=$tmp/mark
for attempt in "sh -c id" "sh -c 'touch $mark'" "touch $mark" "container --show; touch $mark" "container --show && touch $mark" \
  "container --show | tee $mark" "container --show > $mark" "\$(touch $mark)" "\`touch $mark\`" "container --show --name \"\$(touch $mark)\"" \
  "container --show
touch $mark" "'; touch $mark; '" "-c 'touch $mark'" "exec sh" "/usr/lib/openssh/sftp-server" "internal-sftp" "scp -t /tmp" \
  "rsync --server . /tmp" "bash -i" "$OCA_BIN/oca-shell --home $OCA_HOME --user boss" "--user boss container --show" \
  "-oProxyCommand=sh container --show"; do
  code=0
  as mon "$attempt" >"$tmp/out" 2>&1 </dev/null || code=$?
  [ $code != 0 ] || fail "'$attempt' succeeds: $(cat "$tmp/out")"
  ! grep -q 'uid=' "$tmp/out" || fail "'$attempt' reached a shell: $(cat "$tmp/out")"
  [ ! -e "$mark" ] || fail "'$attempt' wrote a file"
done
echo stolen >"$tmp/file"
transfer=("${options[@]/#-p/-P}")
export OCA_TEST_PASSWORD="pass of mon"
for how in "scp" "scp -O"; do
  # shellcheck disable=SC2086  # the program and its flag
  if by $how "${transfer[@]}" "$tmp/file" "mon@127.0.0.1:$mark" >/dev/null 2>&1 </dev/null; then fail "$how works"; fi
done
if echo "put $tmp/file $mark" | by sftp "${transfer[@]}" "mon@127.0.0.1" >"$tmp/out" 2>&1; then fail "sftp works: $(cat "$tmp/out")"; fi
[ ! -e "$mark" ] || fail "a file was copied"
if as mon -W "127.0.0.1:$port" >"$tmp/out" 2>&1 </dev/null; then fail "a connection is forwarded: $(cat "$tmp/out")"; fi
! grep -q '^SSH-2.0' "$tmp/out" || fail "a connection is forwarded"
if as mon -N -o ExitOnForwardFailure=yes -R 0:127.0.0.1:22 >/dev/null 2>&1 </dev/null; then fail "a port is forwarded"; fi
printf '#!/bin/sh\ntouch %s\n' "$mark" >"$tmp/env"
LC_ALL="\$(touch $mark)" LC_BASH_ENV="$tmp/env" BASH_ENV="$tmp/env" ENV="$tmp/env" LD_PRELOAD=/nonexistent.so as mon \
  -o SendEnv='LC_* LD_* BASH_ENV ENV' -o SetEnv="OCA_HOME=/x SSH_ORIGINAL_COMMAND=id" container --show --names_only </dev/null \
  2>"$tmp/err" | grep -qx overssh || fail "the environment counts: $(cat "$tmp/err")"
[ ! -e "$mark" ] || fail "the environment ran something"

# --- what the account is good for without sshd: nothing but its own user, and only through the door
visitor() { setpriv --reuid="$1" --regid=oca-ssh-test --clear-groups -- "${@:2}"; }
expect_error 5 'cannot be reached' visitor mon env SSH_ORIGINAL_COMMAND='system --show' "$OCA_BIN/oca-shell" --home "$OCA_HOME" --user boss
expect_error 5 'cannot be reached' visitor mon "$OCA_BIN/oca" system --show --home "$OCA_HOME"
! visitor mon ls "$OCA_HOME/config" "$OCA_HOME/run" "$OCA_HOME/ssh" >/dev/null 2>&1 || fail "the account sees more than it should"
expect_error 2 'nowhere else' visitor mon "$OCA_BIN/oca-shell"
expect_error 2 'nowhere else' visitor mon "$OCA_BIN/oca-shell" -c "sh"
setpriv --reuid=mon --regid=daemon --clear-groups -- "$OCA_BIN/oca-shell" --home "$OCA_HOME" </dev/null >"$tmp/out" 2>&1 &&
  fail "another group may enter: $(cat "$tmp/out")"
grep -q 'lets this account not in' "$tmp/out" || fail "another group is not told why: $(cat "$tmp/out")"

# --- a second factor is asked for before anything else
code() { # <secret> <steps from now>: what an app shows (RFC 6238)
  python3 - "$1" "$2" <<'PY'
import base64, hashlib, hmac, struct, sys, time
counter = int(time.time()) // 30 + int(sys.argv[2])
mac = hmac.new(base64.b32decode(sys.argv[1]), struct.pack(">Q", counter), hashlib.sha1).digest()
at = mac[-1] & 15
print(f"{(struct.unpack('>I', mac[at:at + 4])[0] & 0x7fffffff) % 10**6:06}")
PY
}
own='horse battery staple' # of the user; the account has another one
oca user --setpassword --name boss <<<"$own" >/dev/null
secret=$(oca --login boss user --totp --enable --json <<<"$own" | jq -er .secret)
mapfile -t codes < <(printf '%s\n' "$own" "$(code "$secret" 0)" | oca --login boss user --totp --confirm --json | jq -r '.one_time_codes[]')
[ ${#codes[@]} = 10 ] || fail "not enrolled"
expect_error 2 'no code was given' as boss system --show
as boss system --show <<<'123' >"$tmp/out" 2>"$tmp/err" && fail "a wrong code is taken"
grep -q 'not right' "$tmp/err" || fail "a wrong code: $(cat "$tmp/err")"
as boss container --show --names_only <<<"${codes[0]}" | grep -qx overssh || fail "a recovery code is not taken"
printf '%s\ncontainer --show --names_only\n' "${codes[1]}" | as boss | grep -qx overssh || fail "no session after the code"
# On a terminal what is typed too early is thrown away, so that it does not show: each answer waits for its question.
until_text() { # <file descriptor> <text>
  local c seen=
  while IFS= read -r -N 1 -t 30 -u "$1" c; do
    seen+=$c
    [[ $seen != *"$2" ]] || return 0
  done
  fail "no '$2' in: $seen"
}
coproc session { as boss -tt 2>&1; }
exec {from}<&"${session[0]}" {to}>&"${session[1]}"
until_text "$from" "Code of the second factor of user 'boss': "
printf '%s\r' "${codes[2]}" >&"$to"
until_text "$from" 'boss@oca> '
printf 'container --show --names_only\r' >&"$to"
until_text "$from" $'overssh\r\n'
printf 'exit\r' >&"$to"
until_text "$from" 'exit'
exec {from}<&- {to}>&-

# --- who is out, is out
oca user --update --name mon --disable >/dev/null
expect_error 7 "Oca has no user 'mon', or the user is disabled" as mon system --show
oca user --update --name mon --enable --roles ndmp >/dev/null
expect_error 1 'neither the role administrator nor monitor' as mon system --show
oca user --update --name mon --roles monitor >/dev/null
as mon system --show </dev/null >/dev/null
account remove mon
expect_error 255 'denied' as mon system --show
stop
