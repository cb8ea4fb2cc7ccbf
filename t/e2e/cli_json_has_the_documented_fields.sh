#!/usr/bin/env bash
# Every --json answer is one JSON document with the documented field names and types.
source "$(dirname "$0")/lib.sh"
start
container j >/dev/null
cp /etc/os-release "$mnt/j/"
sync "$mnt/j/os-release"
oca stats --storage_group --name DefaultGroup --json | jq -e '
  [.current_bytes, .post_dedupe_bytes, .post_compression_bytes, .physical_bytes, .total_inodes, .dedupe_savings_percent,
   .total_savings_percent, .read_mib_per_s, .write_mib_per_s] | all(type == "number")' >/dev/null
oca stats --storage_group --name DefaultGroup --json | jq -e '.cleaner_status | type == "string"' >/dev/null
oca stats --container --name j --json | jq -e '.name == "j" and (.current_bytes > 0)' >/dev/null
oca container --show --json | jq -e '.containers | map(.name) | contains(["demo", "j"])' >/dev/null
oca container --show --name j --json | jq -e '.name == "j" and .group == "DefaultGroup"' >/dev/null
oca storage_group --show --json | jq -e '.groups | map(.name) | contains(["DefaultGroup"])' >/dev/null
oca system --show --json | jq -e '.version and (.parts | length >= 3)' >/dev/null
oca maintenance --filesystem --scan_status --json | jq -e .state >/dev/null
oca user --show --json | jq -e ".users | map(.name) | contains([\"admin\"])" >/dev/null
oca user --show --logins --json | jq -e ".logins | type == \"array\"" >/dev/null
oca audit --show --json | jq -e ".entries | map(.method) | contains([\"AddContainer\"])" >/dev/null
oca stats --system --json | jq -e '.current_bytes > 0' >/dev/null
oca vtl --show --json | jq -e '.libraries | type == "array"' >/dev/null
oca ndmp --show --json | jq -e '(.running | not) and .settings.port == 10000 and (.users | type == "array")' >/dev/null
oca stats --ndmp_completed --json | jq -e '.sessions == []' >/dev/null
oca replication --show --json | jq -e '.links == []' >/dev/null
oca replication --show --limits --json | jq -e '.limits == []' >/dev/null
oca schedule --show --replication --json | jq -e '.replication == []' >/dev/null
oca iscsi --sessions --json | jq -e '.sessions | type == "array"' >/dev/null
oca connection --show --json | jq -e '.connections[] | select(.name == "j") | .type == "mount" and .enabled' >/dev/null
for group in system storage_group container connection vtl iscsi ndmp replication stats maintenance schedule user audit; do
  oca "$group" --help | grep -q . || fail "no help for $group"
done
