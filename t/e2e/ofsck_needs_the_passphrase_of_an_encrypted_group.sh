#!/usr/bin/env bash
# ofsck and an encrypted storage group: without its passphrase it says what it did not check; with it, it checks all, mends a key ring from
# its copy, and makes names from recipes under the group's own name.
source "$(dirname "$0")/lib.sh"
allow_log ' a storage group is not served until it is unlocked ' ' failed error='
ofsck() { "$OCA_BIN/ofsck" --home "$OCA_HOME" "$@"; }
start
oca storage_group --add --name secret >/dev/null
oca storage_group --setpassphrase --name secret <<<'correct horse battery staple' >/dev/null
oca storage_group --encryption --name secret --set ON --yes >/dev/null
c=$(container vault secret)
random_file "$c/large" 2000000
random_file "$c/small" 3000
sync "$c/large" "$c/small"
sha256sum "$c/large" "$c/small" | cut -d' ' -f1 | sort >"$tmp/sums"
stop

code=0
ofsck >"$tmp/report" || code=$?
[ $code = 8 ] || fail "exit code $code: $(cat "$tmp/report")"
grep -q 'not checked: storage group secret: ' "$tmp/report" || fail "says: $(cat "$tmp/report")"
mkdir "$tmp/passphrases"
(umask 077 && echo 'correct horse battery staple' >"$tmp/passphrases/secret")
ofsck --passphrase-dir "$tmp/passphrases" >"$tmp/report" || fail "a whole repository: $(cat "$tmp/report")"

keys=$OCA_HOME/data/groups/00000002/keys
cp "$keys" "$tmp/keys"
: >"$keys"
code=0
ofsck --passphrase-dir "$tmp/passphrases" --repair >"$tmp/report" || code=$?
[ $code = 1 ] || fail "exit code $code: $(cat "$tmp/report")"
cmp "$tmp/keys" "$keys"

rm -r "$OCA_HOME/data/names"
expect_error 8 "no passphrase opens it" ofsck --rebuild-names
code=0
ofsck --passphrase-dir "$tmp/passphrases" --rebuild-names >"$tmp/report" || code=$?
[ $code = 1 ] || fail "exit code $code: $(cat "$tmp/report")"
start
oca storage_group --unlock --name secret <<<'correct horse battery staple' >/dev/null
[ "$(field .group container --show --name lost-found-2)" = secret ] || fail "the group is called otherwise"
find "$mnt/lost-found-2" -type f -exec sha256sum {} + | cut -d' ' -f1 | sort | diff "$tmp/sums" - || fail "other contents than before"
