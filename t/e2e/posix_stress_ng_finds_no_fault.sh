#!/usr/bin/env bash
# stress-ng calls what a filesystem offers in ways that applications rarely do, several at a time, and checks the answers.
source "$(dirname "$0")/lib.sh"
start
c=$(container stress)
for stressor in access chmod chown copy-file dentry dir dirdeep fallocate fcntl file-ioctl filename flock fpunch fstat getdent handle hdd \
  io lease link lockf locka lockofd mknod msync open readahead rename seek symlink sync-file touch utime xattr; do
  stress-ng --"$stressor" 2 --timeout 1s --temp-path "$c" --verify >"$tmp/out" 2>&1 || {
    cat "$tmp/out"
    fail "stress-ng --$stressor"
  }
  ! grep -iE ' (fail|error):' "$tmp/out" || fail "stress-ng --$stressor found a fault"
done
scan verify_metadata
scan verify_data
