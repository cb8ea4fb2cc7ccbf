#!/usr/bin/env bash
# The disk of the logs is full: backups, changes, a restart of a process and one of the appliance go on. When there is room again the logs say how
# many lines are missing.
source "$(dirname "$0")/lib.sh"
mkdir -p "$OCA_HOME/log"
mount -t tmpfs -o size=2m,mode=0755 tmpfs "$OCA_HOME/log"
printf '[log]\nlevel = "debug"\n' >"$OCA_HOME/oca.toml"
start
allow_log ' log_lines_lost ' ' log_lines_dropped ' ' process_ended name=ocaconfigsvc '
c=$(container c)
random_file "$tmp/data" 5000000
fill() { ! dd if=/dev/zero of="$OCA_HOME/log/filler" oflag=append conv=notrunc bs=64k count=64 2>/dev/null && ! dd if=/dev/zero bs=1 count=1 of="$OCA_HOME/log/one" 2>/dev/null; }
fill || fail "the disk is not full: $(df "$OCA_HOME/log")"

healthy() { curl -sf --max-time 20 --cacert "$OCA_HOME/http/server.crt" "$(cat "$OCA_HOME/run/ocahttp.url")/healthz" -o "$tmp/body"; }
works() {
  cp "$tmp/data" "$c/$1"
  sync "$c/$1"
  cmp "$tmp/data" "$c/$1"
  oca container --add --name "$1" >/dev/null
  oca container --show --name "$1" >/dev/null
  eventually 20 healthy
}
works full
pid=$(pid_of ocaconfigsvc)
kill -KILL "$pid"
eventually 10 ended "$pid"
eventually 30 oca system --wait --timeout 1 >/dev/null
works killed
fill || true
stop
start
works restarted
oca container --show --names_only | grep -qx full

rm -f "$OCA_HOME/log/filler" "$OCA_HOME/log/one"
says_what_is_missing() { oca container --show >/dev/null && grep -qE ' W ocaconfigsvc\[[0-9]*\] log_lines_lost lines=[1-9]' "$OCA_HOME/log/ocaconfigsvc.log"; }
eventually 20 says_what_is_missing
logged() { grep -q ' change .*target=room_again ' "$OCA_HOME/log/ocaconfigsvc.log"; }
oca container --add --name room_again >/dev/null
eventually 10 logged
scan verify_data
stop
umount "$OCA_HOME/log"
