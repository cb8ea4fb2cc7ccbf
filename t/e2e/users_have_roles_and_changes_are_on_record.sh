#!/usr/bin/env bash
# The first administrator's password is shown once and works; roles hold; a change is on record with who made it and what was before;
# no password is in logs or files.
source "$(dirname "$0")/lib.sh"
start
password=$(sed -n 's/^The first administrator: user admin, password //p' "$tmp/start.log")
[ ${#password} = 16 ] || fail "no first password: $(cat "$tmp/start.log")"
stop
start
! grep -q "password" "$tmp/start.log" || fail "a second start shows a password"

# as <user> <password> <oca arguments...>
as() {
  local user=$1 secret=$2
  shift 2
  printf '%s\n' "$secret" | oca --login "$user" "$@"
}
as admin "$password" container --add --name byadmin >/dev/null
as admin "$password" user --add --name mon --roles monitor --generate_password --json >"$tmp/mon.json"
mon=$(jq -er .generated_password "$tmp/mon.json")
as mon "$mon" container --show --names_only | grep -qx byadmin
refused=0
as mon "$mon" container --delete --name byadmin --yes 2>"$tmp/err" || refused=$?
if [ $refused != 1 ] || ! grep -q 'takes the role administrator' "$tmp/err"; then fail "mon may delete: $refused $(cat "$tmp/err")"; fi
[ -d "$mnt/byadmin" ] || fail "mon deleted it"
refused=0
as mon wrong-password system --show >/dev/null 2>&1 || refused=$?
[ $refused = 7 ] || fail "a wrong password: exit code $refused"
printf '%s\nanother long password\n' "$mon" | oca user --setpassword --login mon >/dev/null
as mon 'another long password' system --show >/dev/null
expect_error 4 'only enabled administrator' oca user --delete --name admin --yes

# Two administrators who change the same.
revision=$(field .revision storage_group --show --name DefaultGroup)
oca storage_group --update --name DefaultGroup --quota 2TiB --revision "$revision" >/dev/null
expect_error 4 'has been changed since' oca storage_group --update --name DefaultGroup --quota 1TiB --revision "$revision"

oca audit --show --json >"$tmp/audit"
jq -e '.entries | any(.user == "admin" and .method == "AddContainer" and .target == "byadmin" and .outcome == "done")' "$tmp/audit" >/dev/null
jq -e '.entries | any(.user == "mon" and .method == "DeleteContainer" and .outcome == "denied")' "$tmp/audit" >/dev/null
jq -e '.entries | any(.method == "UpdateStorageGroup" and .outcome == "done" and .before.quota_bytes != .after.quota_bytes)' "$tmp/audit" >/dev/null

# A user who is no administrator deletes the container that a list lets him, and no other.
oca container --add --name listed >/dev/null
op=$(field .generated_password user --add --name op --roles cifs --generate_password)
oca container --add_uac --name listed --user op --mode RW >/dev/null
refused=0
as op "$op" container --delete --name listed --yes >/dev/null 2>&1 || refused=$?
if [ $refused != 1 ] || [ ! -d "$mnt/listed" ]; then fail "RW lets delete: exit code $refused"; fi
oca container --update_uac --name listed --user op --mode RWD --revision 1 >/dev/null
expect_error 4 'changed since' oca container --update_uac --name listed --user op --mode RW --revision 1
oca container --show_uac --name listed | grep -E '^listed +op +[0-9]+ +- +RWD$' >/dev/null
refused=0
as op "$op" container --delete --name byadmin --yes >/dev/null 2>&1 || refused=$?
[ $refused = 1 ] || fail "RWD of one container lets delete another: exit code $refused"
as op "$op" container --delete --name listed --yes >/dev/null
[ ! -d "$mnt/listed" ] || fail "the container is still there"
oca audit --show --target listed --json | jq -e '.entries[0] | .user == "op" and .method == "DeleteContainer" and .outcome == "done"' >/dev/null

# The record has its limits, and who changes them is on it.
[ "$(field '"\(.keep_days) \(.keep_entries)"' system --audit)" = "1095 1000000" ] || fail "other limits: $(oca system --audit)"
expect_error 2 '30 to 36500 days' oca system --audit --update --keep_days 1
oca system --audit --update --keep_days 30 --revision 1 >/dev/null
expect_error 4 'changed since' oca system --audit --update --keep_days 40 --revision 1
oca audit --show --json | jq -e '.entries | any(.method == "SetAuditLimits" and .before.keep_days == 1095 and .after.keep_days == 30)' >/dev/null

for secret in "$password" "$mon" "$op" 'another long password'; do
  ! grep -rqF -- "$secret" "$OCA_HOME/log" "$OCA_HOME/run" "$OCA_HOME/config" "$OCA_HOME/pg" "$tmp/audit" || fail "a password is in: $(grep -rlF -- "$secret" "$OCA_HOME"/{log,run,config,pg} "$tmp/audit")"
done
