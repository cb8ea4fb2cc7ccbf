#!/usr/bin/env bash
# dar and duplicity with their archives on the mount: full, incremental, verify, restore.
source "$(dirname "$0")/lib.sh"
start
c=$(container archives)
src=$tmp/src
cp -a "$tree" "$src"
dar -Q -q -c "$c/full" -R "$src" -z -s 4M >/dev/null
echo changed >>"$(find "$src" -name strict.pm)"
echo new >"$src/new"
dar -Q -q -c "$c/diff" -R "$src" -A "$c/full" -z >/dev/null
dar -Q -q -t "$c/full" >/dev/null
mkdir "$tmp/dar"
dar -Q -q -x "$c/full" -R "$tmp/dar" >/dev/null
dar -Q -q -x "$c/diff" -R "$tmp/dar" -w >/dev/null
same_tree "$src" "$tmp/dar"

export HOME=$tmp
duplicity --no-encryption full "$src" "file://$c/dup" >/dev/null
echo again >"$src/again"
duplicity --no-encryption incremental "$src" "file://$c/dup" >/dev/null
duplicity --no-encryption verify --compare-data "file://$c/dup" "$src" >/dev/null
duplicity --no-encryption restore "file://$c/dup" "$tmp/dup" >/dev/null
diff -r --no-dereference "$src" "$tmp/dup" # duplicity keeps whole seconds only
