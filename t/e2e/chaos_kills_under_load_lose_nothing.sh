#!/usr/bin/env bash
# Every process is killed once, in random order, while files are written, containers are made and REST is asked. What was acknowledged is there
# afterwards: each synced file byte for byte, each container; everything serves, and nothing was given up.
source "$(dirname "$0")/lib.sh"
start
allow_log ' process_ended name=' ' keeper_started ' ' stale_mount_removed ' ' mount_in_use ' ' configuration_not_confirmed ' ' tape_libraries_not_told ' \
  ' change_not_on_record ' ' log_lines_dropped ' ' unmounted_by_somebody '
c=$(container load)
sync "$c"
names=(ocardslogwriter oca_idm_eda postgresql ocafsd ocaconfigsvc ocavtl ocahttp nhm watcher watcher_spawn)
token=$(field .secret user --addtoken --name admin --token chaos)
crt=$OCA_HOME/http/server.crt
pid_of_part() { "$OCA_TOP/etc/oca-appliance" status --home "$OCA_HOME" --bin "$OCA_BIN" | sed -n "s/^$1: runs (process \([0-9]*\))/\1/p"; }
rest() { curl -s --max-time 20 --cacert "$crt" -H "Authorization: Bearer $token" -o "$tmp/body.$BASHPID" -w '%{http_code}' "$(cat "$OCA_HOME/run/ocahttp.url")$1"; }
serves() {
  local name
  for name in "${names[@]}"; do [ -n "$(pid_of_part "$name")" ] || return 1; done
  oca system --wait --timeout 1 >/dev/null 2>&1 && [ -d "$c" ] && [ "$(rest /v1/system 2>/dev/null)" = 200 ]
}

touch "$tmp/loading" "$tmp/synced.1" "$tmp/synced.2"
# write_files <number>: each is acknowledged by its sync alone.
write_files() {
  local i=0 path
  while [ -e "$tmp/loading" ]; do
    i=$((i + 1))
    path=$c/w$1-$i
    head -c $((20000 + i * 977)) /dev/urandom >"$tmp/w$1"
    if cp "$tmp/w$1" "$path" 2>/dev/null && sync "$path" 2>/dev/null && sync "$c" 2>/dev/null; then
      echo "$(sha256sum <"$tmp/w$1" | cut -d' ' -f1)  $path" >>"$tmp/synced.$1"
    fi
  done
}
make_containers() {
  local i=0
  while [ -e "$tmp/loading" ]; do
    i=$((i + 1))
    if oca container --add --name "made$i" >/dev/null 2>&1; then echo "made$i" >>"$tmp/made"; fi
  done
}
ask_rest() {
  local status
  while [ -e "$tmp/loading" ]; do
    status=$(rest /v1/containers 2>/dev/null) || status=000
    echo "$status" >>"$tmp/statuses"
  done
}
pids=()
for load in 'write_files 1' 'write_files 2' make_containers ask_rest; do
  $load &
  pids+=($!)
done

for name in $(printf '%s\n' "${names[@]}" | shuf); do
  some=$(wc -l <"$tmp/synced.1")
  goes_on() { [ "$(wc -l <"$tmp/synced.1")" -gt "$some" ]; }
  eventually 30 goes_on # the load is under way
  pid=$(pid_of_part "$name")
  kill -KILL "$pid"
  eventually 10 ended "$pid"
  eventually 30 serves
done
rm "$tmp/loading"
wait "${pids[@]}"

cat "$tmp"/synced.* >"$tmp/synced"
[ -s "$tmp/synced" ] && [ -s "$tmp/made" ]
sha256sum --quiet -c "$tmp/synced" || fail "of $(wc -l <"$tmp/synced") synced files some are lost"
oca container --show --names_only | sort >"$tmp/shown"
[ -z "$(comm -23 <(sort "$tmp/made") "$tmp/shown")" ] || fail "containers are lost: $(comm -23 <(sort "$tmp/made") "$tmp/shown" | xargs)"
while read -r name; do [ -d "$mnt/$name" ] || fail "container $name has no folder"; done <"$tmp/made"
# REST says that something is down, or nothing at all; never that it broke.
! grep -vE '^(000|200|503|504)$' "$tmp/statuses" || fail "REST answered otherwise"
grep -q '^200$' "$tmp/statuses"
! grep -q given_up "$OCA_HOME/run/watcher.status" || fail "given up: $(cat "$OCA_HOME/run/watcher.status")"
scan verify_data
echo "$(wc -l <"$tmp/synced") files, $(wc -l <"$tmp/made") containers, $(wc -l <"$tmp/statuses") requests"
