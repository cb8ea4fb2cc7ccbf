#!/usr/bin/env bash
# Encryption at rest by the shipped programs: nothing of contents, fingerprints or passphrase stands in any file below the home, after
# a crash a group is locked until its passphrase is given, and wrong passphrases and damaged keys lose nothing.
source "$(dirname "$0")/lib.sh"

# below_home <file of needles, one in hex per line>: files below the home (not those seen through the mount) that hold one.
below_home() {
  python3 - "$OCA_HOME" "$mnt" "$1" <<'PY'
import os, sys
home, mount, needles = sys.argv[1], sys.argv[2], [bytes.fromhex(line) for line in open(sys.argv[3])]
for folder, folders, files in os.walk(home):
    if folder == mount:
        folders.clear()
        continue
    for name in files:
        path = os.path.join(folder, name)
        if not os.path.isfile(path):
            continue
        try:
            data = open(path, "rb").read()
        except FileNotFoundError:
            continue
        if any(needle in data for needle in needles):
            print(path)
PY
}
# needle <file>: 24 bytes out of its middle, and the first half of its SHA-256, which is its fingerprint where it is one chunk.
needle() {
  od -An -tx1 -j 199 -N 24 "$1" | tr -d ' \n'
  echo
  sha256sum "$1" | cut -c1-32
}
state() { field ".encryption.$1" storage_group --show --name secret; }
encrypted() { [ "$(state state)" = "done" ]; }

allow_log ' a storage group is not served until it is unlocked ' ' a storage group could not be unlocked ' ' unlocking a storage group failed '
allow_log ' request_failed operation=open .*the key ring of storage group 2 cannot be used'
start
oca storage_group --add --name secret >/dev/null
s=$(container vault secret)
d=$(container plain)
random_file "$tmp/small" 3000
random_file "$tmp/large" 20000000
random_file "$tmp/later" 3500
cp "$tmp/small" "$tmp/large" "$s"
cp -a "$tree" "$s/tree"
cp "$tmp/later" "$d/other"
sync "$s/small" "$d/other"
needle "$tmp/small" >"$tmp/needles"
head -c 10000000 "$tmp/large" | tail -c 24 | od -An -tx1 | tr -d ' \n' >>"$tmp/needles"
echo >>"$tmp/needles"
[ -n "$(below_home "$tmp/needles")" ] || fail "the search finds nothing even in plain"

# The rules of the command.
expect_error 4 'passphrase' oca storage_group --encryption --name secret --set ON --yes
expect_error 2 'passphrase' oca storage_group --setpassphrase --name secret
expect_error 2 '8 to 512' bash -c "\"$OCA_BIN/oca\" storage_group --setpassphrase --name secret <<<short"
first='correct horse battery staple' second='a wholly other passphrase'
oca storage_group --setpassphrase --name secret <<<"$first" >/dev/null
expect_error 2 'nobody to ask' oca storage_group --encryption --name secret --set ON
expect_error 2 'interval' oca storage_group --encryption --name secret --set ON --mode internal --yes
expect_error 2 '6days' oca storage_group --encryption --name secret --set ON --mode internal --interval 6days --yes
oca storage_group --encryption --name secret --set ON --mode internal --interval 7days --yes >/dev/null
[ "$(state mode) $(state rotation_seconds) $(state content_keys)" = "internal 604800 1" ] || fail "$(oca storage_group --encryption --name secret)"
expect_error 4 'cannot be turned off' oca storage_group --encryption --name secret --set OFF --yes

# What was there and what comes is encrypted, and reads as it was.
cp "$tmp/later" "$s/later"
sync "$s/later"
eventually 120 encrypted
[ "$(state plain_bytes) $(state progress_percent)" = "0 100" ] || fail "$(oca storage_group --encryption --name secret)"
needle "$tmp/later" >"$tmp/both"
head -1 "$tmp/both" >"$tmp/later_needles"
printf '%s' "$first" | od -An -tx1 | tr -d ' \n' >>"$tmp/needles"
echo >>"$tmp/needles"
eventually 60 cleaner_ended
[ "$(field .encryption_status stats --storage_group --name secret)" = "done" ] || fail "$(oca stats --storage_group --name secret)"
[ "$(group_stat encrypted_bytes secret)" -gt 20000000 ] || fail "$(oca stats --storage_group --name secret)"
nothing_in_plain() { [ -z "$(below_home "$tmp/needles")" ]; }
eventually 20 nothing_in_plain
[[ $(below_home "$tmp/later_needles") != *groups/00000002* ]] || fail "new data stands in plain"
cmp "$tmp/small" "$s/small"
cmp "$tmp/large" "$s/large"
same_tree "$tree" "$s/tree"
cp "$tmp/large" "$s/again"
sync "$s/again"
[ "$(group_stat post_dedupe_bytes secret)" -lt 45000000 ] || fail "data from before is not deduplicated against"
scan verify_data

# After a crash it is locked; the others serve.
kill_ocafsd
start
[ "$(state keys)" = locked ] || fail "not locked after a start"
expect_error 1 'Required key not available' cat "$s/small"
expect_error 1 'Required key not available' dd if=/dev/zero of="$s/new" count=1
[ -e "$s/tree" ] || fail "names of a locked group are gone"
cmp "$tmp/later" "$d/other"
expect_error 1 'passphrase is wrong' bash -c "\"$OCA_BIN/oca\" storage_group --unlock --name secret <<<'not this one'"
reclaim
scan verify_data
oca storage_group --unlock --name secret <<<"$first" >/dev/null
cmp "$tmp/large" "$s/large"
scan verify_data

# Another passphrase; from a file at the start, if nobody else may read it.
oca storage_group --setpassphrase --name secret <<<"$second" >/dev/null
mkdir "$tmp/passphrases"
echo "$second" >"$tmp/passphrases/secret"
printf '[fs]\npassphrase_dir = "%s"\n' "$tmp/passphrases" >"$OCA_HOME/oca.toml"
chmod 644 "$tmp/passphrases/secret"
stop
start
[ "$(state keys)" = locked ] || fail "a passphrase that others can read was taken"
grep -q 0600 "$OCA_HOME"/log/ocafsd.log || fail "the log does not say what is wrong with the file"
chmod 600 "$tmp/passphrases/secret"
stop
start
[ "$(state keys)" = unlocked ] || fail "not unlocked from the file"
cmp "$tmp/small" "$s/small"

# One damaged copy of the key ring costs nothing; two are an error that says what to do; the ring put back serves again.
ring=$OCA_HOME/data/groups/00000002/keys
stop
cp "$ring" "$tmp/ring"
printf x | dd of="$ring" bs=1 seek=70 conv=notrunc 2>/dev/null
start
cmp "$tmp/small" "$s/small"
stop
printf x | dd of="$ring" bs=1 seek=70 conv=notrunc 2>/dev/null
printf x | dd of="$ring.copy" bs=1 seek=71 conv=notrunc 2>/dev/null
start
[ "$(state keys)" = unusable ] || fail "a damaged key ring: $(state keys)"
oca storage_group --encryption --name secret | grep -q 'backup of it' || fail "no word on what to do"
expect_error 1 'error|key' cat "$s/small"
cmp "$tmp/later" "$d/other"
stop
cp "$tmp/ring" "$ring"
start
cmp "$tmp/small" "$s/small"
cmp "$tmp/large" "$s/again"
scan verify_data
