#!/usr/bin/env bash
# A container with retention keeps its files from root too, through a crash and a restart; an administrator releases in governance
# mode, nobody in compliance mode; a container with locked files cannot be deleted.
source "$(dirname "$0")/lib.sh"
start
c=$(container vault)
oca container --retention --name vault --json | jq -e '.mode == "none" and .locked_files == 0' >/dev/null
oca container --retention --name vault --mode governance --min_period 1s --max_period 1y --default_period 2s --json |
  jq -e '.mode == "governance" and .default_period_seconds == 2 and (.trusted_time | type == "string")' >/dev/null
random_file "$tmp/data" 3000000
cp "$tmp/data" "$c/long"
touch -a -d '+30 days' "$c/long"
chmod a-w "$c/long"
cp "$tmp/data" "$c/short"
chmod a-w "$c/short"
refused() { if "$@" 2>"$tmp/err"; then fail "went through: $*"; fi; grep -q 'Operation not permitted' "$tmp/err" || fail "$(cat "$tmp/err")"; }
refused rm -f "$c/long"
refused chmod u+w "$c/long"
refused mv "$c/long" "$c/away"
refused truncate -s 0 "$c/long"
sync "$c/long"
kill_ocafsd
start
refused rm -f "$c/long"
cmp "$tmp/data" "$c/long"
short_is_free() { rm -f "$c/short" 2>/dev/null; }
eventually 30 short_is_free
[ "$(field .locked_files container --retention --name vault)" = 1 ]
expect_error 4 'locked files' oca container --delete --name vault --delete_files --yes
expect_error 4 'locked files' oca container --retention --name vault --mode none
expect_error 3 'no such' oca container --retention --name vault --release nothing --yes
oca container --retention --name vault --release long --yes >/dev/null
rm -f "$c/long"

cp "$tmp/data" "$c/kept"
oca container --retention --name vault --mode compliance --default_period 1h --yes | grep -q 'Default Period *: 1 hour'
chmod a-w "$c/kept"
expect_error 4 'compliance' oca container --retention --name vault --release kept --yes
expect_error 4 'compliance' oca container --retention --name vault --mode governance
stop
start
refused rm -f "$c/kept"
expect_error 4 'compliance' oca container --retention --name vault --mode none
expect_error 2 'period' oca container --retention --name vault --min_period soon
cmp "$tmp/data" "$c/kept"
scan verify_metadata
