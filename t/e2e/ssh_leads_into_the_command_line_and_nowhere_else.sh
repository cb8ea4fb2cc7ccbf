#!/usr/bin/env bash
# By the real sshd: keys lead to users, roles hold, changes are on record with the address; no command, quoting, environment, subsystem or
# forwarding leads to a system shell.
source "$(dirname "$0")/lib.sh"
start
keys=$tmp/keys
mkdir -m 700 "$keys"
for name in host boss mon stranger; do ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$keys/$name"; done
oca user --add --name boss --roles administrator --no_password >/dev/null
oca user --add --name mon --roles monitor --no_password >/dev/null
oca user --addkey --name boss <"$keys/boss.pub" >/dev/null
oca user --addkey --name mon --key "$(cat "$keys/mon.pub")" >/dev/null
expect_error 4 'each key names one user' oca user --addkey --name mon --key "$(cat "$keys/boss.pub")"
expect_error 2 'no public key' oca user --addkey --name mon --key "command=\"sh\" $(cat "$keys/stranger.pub")"

# --- sshd, with the shipped configuration, for the account that runs this
port=
serve() {
  port=$((20000 + RANDOM % 20000))
  {
    printf 'Port %s\nListenAddress 127.0.0.1\nHostKey %s\nPidFile %s\n' "$port" "$keys/host" "$tmp/sshd.pid"
    printf 'UsePAM no\nStrictModes no\nPermitRootLogin forced-commands-only\nSubsystem sftp internal-sftp\n'
    sed -e "s|^Match User oca|Match User $(id -un)|" -e "s|/var/lib/oca|$OCA_HOME|" "$OCA_TOP/etc/sshd_oca.conf"
  } >"$tmp/sshd_config"
  rm -f "$tmp/sshd.pid"
  /usr/sbin/sshd -f "$tmp/sshd_config" -E "$tmp/sshd.log" && eventually 10 test -s "$tmp/sshd.pid"
}
[ "$(id -u)" != 0 ] || install -d -m 0755 /run/sshd
serve || serve || serve || { cat "$tmp/sshd.log"; fail "sshd does not start"; }
trap 'kill "$(cat "$tmp/sshd.pid")" 2>/dev/null || true' EXIT
options=(-F none -p "$port" -o BatchMode=yes -o IdentitiesOnly=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile="$tmp/known" -o LogLevel=ERROR)
# as <user> <ssh arguments...>
as() {
  local user=$1
  shift
  ssh "${options[@]}" -i "$keys/$user" "$(id -un)@127.0.0.1" "$@"
}

# --- who may do what
as boss container --add --name overssh </dev/null >/dev/null
as boss "container --show --name 'overssh' --json" </dev/null | jq -e '.name == "overssh"' >/dev/null
as mon container --show --names_only </dev/null | grep -qx overssh
expect_error 1 'takes the role administrator' as mon container --add --name bymon
expect_error 3 'no container is named' as boss container --show --name nothere
expect_error 255 'denied' as stranger system --show
oca audit --show --target overssh --json | jq -e '.entries[0] | .user == "boss" and .origin == "ssh 127.0.0.1" and .outcome == "done"' >/dev/null
oca audit --show --target bymon --json | jq -e '.entries[0] | .user == "mon" and .outcome == "denied"' >/dev/null
expect_error 2 'home' as boss container --show --home /tmp
expect_error 2 'login' as boss container --show --login mon

# --- a session
printf 'container --show --names_only\n!sh\nsystem --show; id\nexit\n' | as boss >"$tmp/session" 2>&1 || true
grep -qx overssh "$tmp/session" || fail "no session: $(cat "$tmp/session")"
printf 'container --show --names_only\r!sh\rexit\r' | as boss -tt >"$tmp/session_tty" 2>&1 || true
grep -q 'boss@oca> ' "$tmp/session_tty" || fail "no prompt: $(cat "$tmp/session_tty")"
grep -q overssh "$tmp/session_tty" || fail "no session on a terminal: $(cat "$tmp/session_tty")"

# --- no way to a shell
mark=$tmp/mark
for attempt in "sh -c id" "sh -c 'touch $mark'" "touch $mark" "/bin/sh -c 'touch $mark'" "container --show; touch $mark" \
  "container --show && touch $mark" "container --show | tee $mark" "container --show > $mark" "\$(touch $mark)" "\`touch $mark\`" \
  "container --show --name \"\$(touch $mark)\"" "container --show --name '\`touch $mark\`'" "container --show
touch $mark" "'; touch $mark; '" "--help; touch $mark" "oca; touch $mark" "-c 'touch $mark'" "exec sh" "internal-sftp" "sftp-server" \
  "scp -t /tmp" "rsync --server . /tmp" "bash -i" "-oProxyCommand=sh container --show" "container\\;touch $mark"; do
  code=0
  as boss "$attempt" >"$tmp/out" 2>&1 </dev/null || code=$?
  [ $code != 0 ] || fail "'$attempt' succeeds: $(cat "$tmp/out")"
  ! grep -q 'uid=' "$tmp/out" || fail "'$attempt' reached a shell: $(cat "$tmp/out")"
  [ ! -e "$mark" ] || fail "'$attempt' wrote a file"
done
! grep -q 'uid=' "$tmp/session" "$tmp/session_tty" || fail "a session reached a shell"

# Copies and subsystems.
echo stolen >"$tmp/file"
transfer=("${options[@]/#-p/-P}")
for how in "scp" "scp -O"; do
  # shellcheck disable=SC2086  # the program and its flag
  if $how "${transfer[@]}" -i "$keys/boss" "$tmp/file" "$(id -un)@127.0.0.1:$mark" >/dev/null 2>&1 </dev/null; then fail "$how works"; fi
done
if echo "put $tmp/file $mark" | sftp "${transfer[@]}" -i "$keys/boss" -b - "$(id -un)@127.0.0.1" >/dev/null 2>&1; then fail "sftp works"; fi
[ ! -e "$mark" ] || fail "a file was copied"

# Forwarding: of a connection, of a port here, of one there, of the agent.
if as boss -W "127.0.0.1:$port" >"$tmp/out" 2>&1 </dev/null; then fail "a connection is forwarded: $(cat "$tmp/out")"; fi
! grep -q '^SSH-2.0' "$tmp/out" || fail "a connection is forwarded"
if as boss -N -o ExitOnForwardFailure=yes -R 0:127.0.0.1:22 >/dev/null 2>&1 </dev/null; then fail "a port is forwarded"; fi

# The environment.
LD_PRELOAD=/nonexistent.so OCA_HOME=/nonexistent BASH_ENV="$tmp/file" as boss -o SendEnv='LD_* OCA_* BASH_ENV' -o SetEnv=OCA_HOME=/x \
  container --show --names_only </dev/null 2>"$tmp/err" | grep -qx overssh || fail "the environment counts: $(cat "$tmp/err")"
[ ! -e "$mark" ] || fail "a file was written"

# oca-shell needs no right on the machine: an account of the group speaks for users there, and reaches nothing else.
if [ "$(id -u)" = 0 ]; then
  printf '[ssh]\ngroup = "nogroup"\n' >"$OCA_HOME/oca.toml"
  stop
  start
  visitor() { setpriv --reuid=nobody --regid=nogroup --clear-groups -- "$@"; }
  visitor "$OCA_BIN/oca-shell" --home "$OCA_HOME" --user mon <<<'container --show --names_only' | grep -qx overssh
  expect_error 5 'cannot be reached' visitor "$OCA_BIN/oca" container --show --home "$OCA_HOME"
  setpriv --reuid=nobody --regid=daemon --clear-groups -- "$OCA_BIN/oca-shell" --home "$OCA_HOME" --user mon <<<'container --show' \
    >"$tmp/out" 2>&1 && fail "another group may enter: $(cat "$tmp/out")"
  visitor test -r "$OCA_HOME/ssh/authorized_keys" || fail "the account cannot read the keys"
  ! visitor ls "$OCA_HOME/config" "$OCA_HOME/run" >/dev/null 2>&1 || fail "the account sees more than it should"
fi

# --- who is out, is out
fingerprint=$(oca user --show --name boss --json | jq -er '.ssh_keys[0].fingerprint')
[ "$fingerprint" = "$(ssh-keygen -l -f "$keys/boss.pub" | cut -d' ' -f2)" ] || fail "another fingerprint than ssh-keygen's: $fingerprint"
oca user --deletekey --name boss --fingerprint "$fingerprint" >/dev/null
expect_error 255 'denied' as boss system --show
oca user --update --name mon --disable >/dev/null
expect_error 255 'denied' as mon system --show
oca user --update --name mon --enable >/dev/null
as mon system --show >/dev/null </dev/null
