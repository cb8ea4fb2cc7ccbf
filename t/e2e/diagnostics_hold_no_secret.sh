#!/usr/bin/env bash
# A bundle of diagnostics has logs, configuration, states and statistics, and none of the secrets that the appliance was given.
source "$(dirname "$0")/lib.sh"
mkdir -p "$OCA_HOME"
printf '[log]\nlevel = "debug"\n' >"$OCA_HOME/oca.toml"
start
secret=Zq7WxSecret
echo "${secret}one" | oca user --add --name eve --roles administrator,ndmp >/dev/null
echo "${secret}two" | oca storage_group --setpassphrase --name DefaultGroup >/dev/null
oca storage_group --encryption --name DefaultGroup --set ON --yes >/dev/null
printf '%s\n%s\n' "${secret}one" "${secret}three" | oca user --setpassword --login eve >/dev/null
relay_login() { echo "${secret}four" | oca email_alerts --configure --relay mail.example.com --security tls --user eve --sender o@example.com --to e@example.com >/dev/null 2>&1; }
eventually 30 relay_login
c=$(container backups)
cp -a "$tree" "$c/"

oca maintenance --diags --collect >"$tmp/collected"
grep -q '^State *: done' "$tmp/collected" || fail "$(cat "$tmp/collected")"
bundle=$(oca maintenance --diags --show --json | jq -er '.bundles[0].path')
[ "$(stat -c %a "$bundle")" = 600 ]
mkdir "$tmp/bundle"
tar --zstd -xf "$bundle" -C "$tmp/bundle" --strip-components=1
for file in oca.toml state/system.json state/watcher.status configuration/containers.json configuration/users.json \
  configuration/changes.json statistics/storage_groups.json system/proc/meminfo log/ocafsd.log log/ocaconfigsvc.log log/watcher.log; do
  [ -s "$tmp/bundle/$file" ] || fail "the bundle has no $file"
done
[ ! -s "$tmp/bundle/missing.txt" ] || fail "missing: $(cat "$tmp/bundle/missing.txt")"
grep -q backups "$tmp/bundle/configuration/containers.json"
grep -q '"level"\|level = ' "$tmp/bundle/oca.toml"
! grep -r "$secret" "$tmp/bundle" || fail "a secret is in the bundle"
for key in "$OCA_HOME"/config/*.key; do
  ! grep -rF "$(cat "$key")" "$tmp/bundle" || fail "the key $key is in the bundle"
done

oca maintenance --diags --collect basic --json | jq -e '.state == "done"' >/dev/null
[ "$(oca maintenance --diags --show --json | jq '.bundles | length')" = 2 ]
oca maintenance --diags --delete "$(basename "$bundle")" >/dev/null
[ ! -e "$bundle" ]
expect_error 3 'no bundle' oca maintenance --diags --delete "$(basename "$bundle")"
expect_error 3 'no bundle' oca maintenance --diags --delete ../oca.toml
expect_error 2 'give one of' oca maintenance --diags
oca maintenance --diags --delete_all --yes >/dev/null
[ "$(oca maintenance --diags --show --json | jq '.bundles | length')" = 0 ]
