#!/usr/bin/env bash
# systemd_test.sh <unit> <programs' folder>: systemd takes the unit as it will be installed, without a word, and finds it restricted.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# As installed, but with the programs of this build, which verify looks for.
sed "s|^ExecStart=.*/watcher_spawn|ExecStart=$2/watcher_spawn|" "$1" >"$work/oca.service"
grep -q "^ExecStart=$2/watcher_spawn --home /var/lib/oca\$" "$work/oca.service"
said=$(SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no "$work/oca.service" 2>&1) || { echo "$said"; exit 1; }
[ -z "$said" ] || { echo "systemd-analyze verify: $said"; exit 1; }
# 10 is without any protection. Half of systemd's list needs a mount namespace, which would hide the mount.
systemd-analyze security --offline=true --threshold=60 --no-pager "$work/oca.service" >"$work/security" 2>&1 || { cat "$work/security"; exit 1; }
tail -n 1 "$work/security"
