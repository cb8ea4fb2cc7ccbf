#!/usr/bin/env bash
# Names that are gone: the daemon refuses to take what is left for a new repository, and ofsck gives every content back, without names.
source "$(dirname "$0")/lib.sh"
allow_log ' failed error=' ' a storage group could not be unlocked '
ofsck() { "$OCA_BIN/ofsck" --home "$OCA_HOME" "$@"; }
start
c=$(container d)
mkdir "$c/folder"
for i in 1 2 3; do random_file "$c/folder/large $i" $((i * 700000)); done
for i in 1 2 3; do random_file "$c/small $i" $((i * 900)); done
find "$c" -type f -exec sync {} +
find "$c" -type f -exec sha256sum {} + | cut -d' ' -f1 | sort >"$tmp/sums"
stop

mv "$OCA_HOME/data/names" "$tmp/names"
for ((i = 0; i < 2; ++i)); do
  "$OCA_BIN/ocafsd" --home "$OCA_HOME" >"$tmp/out" 2>&1 && fail "served without names"
  grep -q ofsck "$tmp/out" || fail "does not say what to do: $(cat "$tmp/out")"
done
code=0
ofsck >"$tmp/report" || code=$?
[ $code = 4 ] || fail "exit code $code: $(cat "$tmp/report")"

code=0
ofsck --rebuild-names >"$tmp/report" || code=$?
[ $code = 1 ] || fail "exit code $code: $(cat "$tmp/report")"
start
find "$mnt/lost-found-1" -type f -exec sha256sum {} + | cut -d' ' -f1 | sort >"$tmp/found"
diff "$tmp/sums" "$tmp/found" || fail "other contents than before"
reclaim
scan verify_data
find "$mnt/lost-found-1" -type f -exec sha256sum {} + | cut -d' ' -f1 | sort | diff "$tmp/sums" - || fail "the cleaner took some"
