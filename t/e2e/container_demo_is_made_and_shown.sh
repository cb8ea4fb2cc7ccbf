#!/usr/bin/env bash
# A fresh appliance has the container "demo", usable at once, and says where it is.
source "$(dirname "$0")/lib.sh"
start
grep -q "$mnt/demo" "$tmp/start.log" || fail "start does not print the mount path: $(cat "$tmp/start.log")"
echo hello >"$mnt/demo/file"
[ "$(cat "$mnt/demo/file")" = hello ]
[ "$(oca container --show --json | jq -r '.containers[].name')" = demo ]
