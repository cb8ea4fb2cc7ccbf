#!/usr/bin/env bash
# build.sh <file>: the initial RAM disk of a virtual machine with Debian's kernel, open-iscsi and tape tools, which runs t/e2e/guest/init.
# Everything comes from build/unpacked (make deps), but GNU tar and the C library, which are this machine's.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
unpacked=$here/../../../build/unpacked
out=$1
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

mkdir -p "$root"/{bin,dev,proc,sys,tmp,run,etc,lib64,usr/bin}
cp "$unpacked/busybox-static/bin/busybox" "$root/bin"
cp "$here/init" "$root/init"
chmod 755 "$root/init"

programs=("$unpacked/open-iscsi/sbin/iscsistart" "$unpacked/mtx/usr/sbin/mtx" "$unpacked/mtx/usr/sbin/tapeinfo" "$unpacked/mt-st/bin/mt-st"
  /usr/bin/tar)
for name in inq vpd logs modes luns turs requests persist opcodes read_attr; do programs+=("$unpacked/sg3-utils/usr/bin/sg_$name"); done
cp "${programs[@]}" "$root/usr/bin"

LD_LIBRARY_PATH=$(printf '%s:' "$unpacked"/*/usr/lib/x86_64-linux-gnu)
export LD_LIBRARY_PATH
mapfile -t libraries < <(ldd "${programs[@]}" | awk '$2 == "=>" {print $3} $1 ~ /^\/lib64/ {print $1}' | sort -u)
for library in "${libraries[@]}"; do
  case $library in
    */ld-linux*) cp -L "$library" "$root/lib64" ;;
    *) mkdir -p "$root/lib/x86_64-linux-gnu" && cp -L "$library" "$root/lib/x86_64-linux-gnu" ;;
  esac
done

# The modules that the devices need, with those that these need.
kernel=$unpacked/linux-image-cloud-amd64
version=$(basename "$kernel"/lib/modules/*)
mkdir -p "$root/lib/modules/$version"
depmod -b "$kernel" "$version"
for module in virtio_pci virtio_net iscsi_tcp sg st ch; do
  modprobe -d "$kernel" -S "$version" --show-depends "$module" | awk '$1 == "insmod" {print $2}'
done | sort -u | while read -r file; do
  mkdir -p "$root/$(dirname "${file#"$kernel"/}")"
  cp "$file" "$root/${file#"$kernel"/}"
done
cp "$kernel/lib/modules/$version"/modules.{order,builtin,builtin.modinfo} "$root/lib/modules/$version"
depmod -b "$root" "$version"

(cd "$root" && find . -print0 | cpio --null --create --format=newc --quiet) | gzip -1 >"$out"
