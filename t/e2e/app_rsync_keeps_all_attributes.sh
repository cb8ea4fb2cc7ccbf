#!/usr/bin/env bash
# rsync -aHAXS to the mount and back: links, ACLs, xattrs, holes; a second run finds nothing to do, a changed file is transferred.
source "$(dirname "$0")/lib.sh"
start
c=$(container rs)
src=$tmp/src
cp -a "$tree" "$src"
ln "$(find "$src" -name strict.pm)" "$src/hard"
ln -s ../away "$src/soft"
truncate -s 50M "$src/sparse"
printf end | dd of="$src/sparse" bs=1 seek=30000000 conv=notrunc status=none
mkfifo "$src/fifo"
touch -d '2001-02-03 04:05:06.789012345' "$src/old"
setfattr -n user.color -v blue "$src/old"
setfacl -m u:nobody:rw "$src/old"
setfacl -d -m g:nogroup:rx "$src"
rsync -aHAXS "$src/" "$c/copy/"
[ -z "$(rsync -aHAXSni --delete "$src/" "$c/copy/")" ] || fail "differs: $(rsync -aHAXSni --delete "$src/" "$c/copy/" | head)"
[ -z "$(rsync -aHAXSnic --delete "$src/" "$c/copy/")" ] || fail "contents differ"
[ "$(stat -c %h "$c/copy/hard")" = 2 ]
[ "$(stat -c %b "$c/copy/sparse")" -lt 10000 ] || fail "the hole was filled"
echo more >>"$src/hard"
rsync -aHAXS --inplace --no-whole-file "$src/" "$c/copy/"
rsync -aHAXS "$c/copy/" "$tmp/back/"
[ -z "$(rsync -aHAXSnic --delete "$src/" "$tmp/back/")" ] || fail "the way back differs"
