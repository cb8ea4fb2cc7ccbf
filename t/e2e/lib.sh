# Sourced by every end-to-end test; t/e2e/run has set OCA_HOME, OCA_WORK, OCA_BIN, OCA_TOP. A test fails by its first failing command.
# shellcheck shell=bash disable=SC2034  # the tests use the variables

mnt=$OCA_HOME/mnt
tree=/usr/share/perl # real data that every Debian has: some 20 MB of sources
tmp=$TMPDIR

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# allow_log <extended regex>...: the test makes these warnings or errors happen; any other in a log fails it.
allow_log() { printf '%s\n' "$@" >>"$OCA_WORK/allowed_log"; }

# appliance <verb> [--home DIR]: the script behind make run, stop and status.
appliance() {
  local verb=$1 toml=$OCA_HOME/oca.toml
  shift
  # Each appliance has a port of its own.
  if [ "$verb" = start ] && [ "${1:-}" != --home ] && ! grep -qs '^\[http\]' "$toml"; then
    mkdir -p "$OCA_HOME"
    printf '\n[http]\nport = 0\n' >>"$toml"
  fi
  "$OCA_TOP/etc/oca-appliance" "$verb" --home "$OCA_HOME" --bin "$OCA_BIN" "$@"
}
start() {
  watchers CONT
  appliance start >"$tmp/start.log" 2>&1 || { cat "$tmp/start.log"; fail "the appliance does not start"; }
}
stop() { appliance stop >"$tmp/stop.log" 2>&1 || { cat "$tmp/stop.log"; fail "the appliance does not stop"; }; }

oca() { "$OCA_BIN/oca" "$@"; }
# field <jq filter> <oca arguments>: one value of a command's JSON.
field() {
  local filter=$1
  shift
  oca "$@" --json | jq -er "$filter"
}
# group_stat <field> [group]
group_stat() { field ".${1}" stats --storage_group --name "${2:-DefaultGroup}"; }
# container <name> [group]: makes it and prints its path.
container() {
  oca container --add --name "$1" --group "${2:-DefaultGroup}" >/dev/null
  echo "$mnt/$1"
}
pid_of() { field ".parts[] | select(.name == \"$1\") | .pid" system --show; }

# eventually <seconds> <command...>: waits until it succeeds.
eventually() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $end ] || fail "not in time: $*"
    sleep 0.1
  done
}
gone() { ! kill -0 "$1" 2>/dev/null; }
# ended <pid>: gone, or nobody has asked how it ended.
ended() { ! grep -qsE '^State:[[:space:]]+[^ZX[:space:]]' "/proc/$1/status"; }

# watchers STOP: from now on what dies stays dead; watchers CONT: it comes back, and start does that too.
watchers() {
  local name pid
  for name in watcher_spawn watcher; do
    if { read -r pid <"$OCA_HOME/run/$name.pid"; } 2>/dev/null; then kill "-$1" "$pid" 2>/dev/null || true; fi
  done
}

# kill_ocafsd: SIGKILL, and waits until it is gone. It stays dead until start.
kill_ocafsd() {
  local pid
  watchers STOP
  allow_log ' configuration_not_confirmed .*ocafsd cannot be reached' ' stale_mount_removed ' ' process_ended name=ocafsd '
  pid=$(pid_of ocafsd)
  kill -KILL "$pid"
  eventually 20 ended "$pid"
}

cleaner_ended() { [ "$(field .state stats --cleaner)" != running ]; }
# reclaim: one whole run of the cleaner.
reclaim() {
  oca maintenance --filesystem --reclaim_space >/dev/null
  eventually 120 cleaner_ended
  [ "$(field .state stats --cleaner)" = done ] || fail "the cleaner: $(oca stats --cleaner)"
}
scan_ended() { [ "$(field .state maintenance --filesystem --scan_status)" != running ]; }
# scan <level>: a scan that must find nothing.
scan() {
  oca maintenance --filesystem --start_scan "$1" >/dev/null
  eventually 120 scan_ended
  local status
  status=$(oca maintenance --filesystem --scan_status --json)
  [ "$(jq -r '"\(.state) \(.fault_count)"' <<<"$status")" = "done 0" ] || fail "the scan found: $status"
}

# same_tree <a> <b>: same names, contents, types, modes, owners, times, link targets.
listing() { (cd "$1" && find . -printf '%P %y %m %U %G %l ' \( -type d -printf '\n' -o -printf '%s %TY-%Tm-%Td %TT %n\n' \) | sort); }
same_tree() {
  diff -r --no-dereference "$1" "$2" >"$tmp/diff" || { head "$tmp/diff"; fail "contents differ: $1 $2"; }
  diff <(listing "$1") <(listing "$2") >"$tmp/diff" || { head "$tmp/diff"; fail "attributes differ: $1 $2"; }
}
random_file() { head -c "$2" /dev/urandom >"$1"; } # <path> <bytes>
flip_bit() { # <file> <offset>
  python3 - "$1" "$2" <<'PY'
import sys
with open(sys.argv[1], "r+b") as file:
    file.seek(int(sys.argv[2]))
    byte = file.read(1)[0]
    file.seek(int(sys.argv[2]))
    file.write(bytes([byte ^ 1]))
PY
}

# expect_error <exit code> <text> <command...>: it must fail so, and say so on standard error.
expect_error() {
  local code=$1 text=$2 got=0
  shift 2
  "$@" >"$tmp/out" 2>"$tmp/err" </dev/null || got=$?
  [ $got = "$code" ] || fail "exit code $got, not $code: $*: $(cat "$tmp/out" "$tmp/err")"
  grep -qiE -- "$text" "$tmp/err" || fail "no '$text' in the error of: $*: $(cat "$tmp/err")"
}

# as_user <command...>: as a user without rights, when we are root.
as_user() { if [ "$(id -u)" = 0 ]; then runuser -u nobody -- "$@"; else "$@"; fi; }
give_to_user() { if [ "$(id -u)" = 0 ]; then chown nobody:nogroup "$@"; fi; }
