#!/usr/bin/env bash
# tar with incrementals, reading from and writing to the mount: renames, deletions and changes come back.
source "$(dirname "$0")/lib.sh"
start
c=$(container tar)
cp -a "$tree" "$c/live"
tar -C "$c" -H pax -cf "$c/full.tar" -g "$c/state" live
cp "$c/state" "$c/state.full"
mapfile -t modules < <(find "$c/live" -name '*.pm' | sort)
first=${modules[0]} second=${modules[1]}
rm "$first"
mv "$second" "$second.moved"
echo new >"$c/live/new"
tar -C "$c" -H pax -czf "$c/inc.tar.gz" -g "$c/state" live
[ "$(stat -c %s "$c/inc.tar.gz")" -lt 1000000 ] || fail "the incremental holds everything"
mkdir "$tmp/back"
tar -C "$tmp/back" -xf "$c/full.tar" -g /dev/null
tar -C "$tmp/back" -xzf "$c/inc.tar.gz" -g /dev/null
same_tree "$c/live" "$tmp/back/live"
tar -C "$c" -df "$c/inc.tar.gz" 2>/dev/null || fail "tar --diff finds differences"
