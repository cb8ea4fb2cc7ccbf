#!/usr/bin/env bash
# qemu-img converts to and from images on the mount without the page cache (-t none is O_DIRECT), and finds them equal.
source "$(dirname "$0")/lib.sh"
start
c=$(container images)
raw=$tmp/disk.raw
truncate -s 256M "$raw"
mke2fs -q -t ext4 -d "$tree" "$raw"
qemu-img convert -f raw -O qcow2 -t none -T none "$raw" "$c/disk.qcow2"
qemu-img convert -f raw -O raw -t none -T none "$raw" "$c/disk.raw"
qemu-img convert -f qcow2 -O raw -t none -T none "$c/disk.qcow2" "$c/back.raw"
qemu-img check -q "$c/disk.qcow2"
qemu-img compare -q -f raw -F qcow2 "$raw" "$c/disk.qcow2"
cmp "$raw" "$c/disk.raw"
cmp "$raw" "$c/back.raw"
qemu-img snapshot -c s1 "$c/disk.qcow2"
qemu-img resize -q "$c/disk.qcow2" 300M
qemu-img check -q "$c/disk.qcow2"
