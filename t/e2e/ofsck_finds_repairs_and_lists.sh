#!/usr/bin/env bash
# ofsck: refuses a repository in use, changes nothing by a check, names the files that a damage affects, lists everything before it repairs
# anything, makes an index anew; what is whole stays readable throughout.
source "$(dirname "$0")/lib.sh"
allow_log ' a damaged group of chunks was found ' ' the scan found a fault ' ' index snapshot is unusable ' ' request_failed operation=read '
ofsck() { "$OCA_BIN/ofsck" --home "$OCA_HOME" "$@"; }
image() { (cd "$OCA_HOME/data" && find . -type f -exec sha256sum {} + | sort); }

expect_error 16 "no-such-option" ofsck --no-such-option
expect_error 8 "there is no repository" ofsck
start
c=$(container d)
random_file "$tmp/a" 3000000
random_file "$tmp/b" 3000000
cp "$tmp/a" "$c/a"
sync "$c/a"
expect_error 8 "in use" ofsck
stop
start # another run, other packs
cp "$tmp/b" "$c/b"
sync "$c/b"
stop

image >"$tmp/before"
ofsck >"$tmp/report" || fail "a whole repository: $(cat "$tmp/report")"
grep -q ': no faults$' "$tmp/report" || fail "says: $(cat "$tmp/report")"
image | diff "$tmp/before" - || fail "the check changed something"

# A chunk of a, the index, and the footer of another pack.
packs=$(find "$OCA_HOME/data/groups" -name '*.pack' -size +1M | sort)
[ "$(wc -l <<<"$packs")" = 2 ] || fail "not a pack for each file: $packs"
flip_bit "$(head -1 <<<"$packs")" 1000000
last=$(tail -1 <<<"$packs")
flip_bit "$last" $(($(stat -c %s "$last") - 40))
index=$(find "$OCA_HOME/data/groups" -name index.snapshot)
flip_bit "$index" 20
image >"$tmp/before"
code=0
ofsck --progress >"$tmp/report" 2>"$tmp/progress" || code=$?
[ $code = 4 ] || fail "exit code $code: $(cat "$tmp/report")"
for text in 'fault: /d/a: ' 'index snapshot' "$(basename "$last" .pack)"; do
  grep -q -- "$text" "$tmp/report" || fail "no '$text' in: $(cat "$tmp/report")"
done
grep -q '/d/b: ' "$tmp/report" && fail "an undamaged file is named: $(cat "$tmp/report")"
grep -q '100 %' "$tmp/progress" || fail "no progress: $(cat "$tmp/progress")"
image | diff "$tmp/before" - || fail "the check changed something"

code=0
ofsck --repair --manifest "$tmp/manifest" >"$tmp/report" || code=$?
[ $code = 5 ] || fail "exit code $code: $(cat "$tmp/report")"
for text in 'faults found:' '/d/a: ' 'footer is made anew' 'faults left:'; do
  grep -q -- "$text" "$tmp/manifest" || fail "no '$text' in: $(cat "$tmp/manifest")"
done
start
cmp "$tmp/b" "$c/b"
expect_error 1 "input/output error" cat "$c/a"
cp "$tmp/a" "$c/a again"
sync "$c/a again"
cmp "$tmp/a" "$c/a"
stop
ofsck >/dev/null || fail "not healed: $(ofsck)"

code=0
ofsck --rebuild-index >"$tmp/report" || code=$?
[ $code = 1 ] || fail "exit code $code: $(cat "$tmp/report")"
find "$OCA_HOME" -maxdepth 1 -name 'ofsck-*.manifest' | grep -q . || fail "no manifest at its usual place"
expect_error 8 "can be opened" ofsck --rebuild-names
start
for file in a b; do cmp "$tmp/$file" "$c/$file"; done
