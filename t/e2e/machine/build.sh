#!/usr/bin/env bash
# build.sh <folder> <deb>...: what a virtual machine with Debian 12, systemd as its first process and Debian's kernel is made of: disk.img,
# initrd.gz and vmlinuz. It has what the packages given need, and these as files in /packages: the machine installs them itself, by check.
# The kernel comes from build/unpacked (make deps), all else from Debian's archive by debootstrap and apt, as root.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
unpacked=$here/../../../build/unpacked
out=$1
shift
root=$out/root
kernel=$unpacked/linux-image-cloud-amd64
version=$(basename "$kernel"/lib/modules/*)

inside() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive HOME=/root chroot "$root" "$@"; }
apt() { inside apt-get -q -y -o Dpkg::Use-Pty=0 "$@"; }

mkdir -p "$out"
debootstrap --variant=minbase bookworm "$root"
unmount() { umount "$root/dev" "$root/proc" 2>/dev/null || true; }
trap unmount EXIT
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" # nothing is started here
chmod 755 "$root/usr/sbin/policy-rc.d"
mkdir -p "$root/packages" "$root/etc/postgresql-common"
cp "$@" "$root/packages"
mkdir "$root/packages/random" # by a processor that is quicker at it
for name in 1 2 3 4 5 6 7 8; do head -c 10000000 /dev/urandom >"$root/packages/random/$name"; done
echo "create_main_cluster = false" >"$root/etc/postgresql-common/createcluster.conf" # Oca has its own
cp /etc/apt/sources.list.d/* "$root/etc/apt/sources.list.d/" 2>/dev/null || true
apt update
mapfile -t packages < <(cd "$root" && printf '/%s\n' packages/*.deb)
mapfile -t needed < <(apt -s install --no-install-recommends "${packages[@]}" | awk '$1 == "Inst" && $2 !~ /^oca-/ {print $2}')
apt install --no-install-recommends "${needed[@]}" systemd-sysv dbus udev kmod libcap2-bin tgt
apt clean
rm "$root/usr/sbin/policy-rc.d"
unmount

echo "/dev/vda / ext4 defaults 0 1" >"$root/etc/fstab"
echo machine >"$root/etc/hostname"
mkdir -p "$root/lib/modules"
cp -a "$kernel/lib/modules/$version" "$root/lib/modules"
depmod -b "$root" "$version"
install -m 755 "$here/check" "$root/usr/local/sbin/check"
cp "$here/check.service" "$root/etc/systemd/system"
# The console is for what check says; what Debian does by the clock would only disturb.
ln -s ../check.service "$root/etc/systemd/system/multi-user.target.wants/check.service"
for unit in serial-getty@ttyS0.service apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer dpkg-db-backup.timer; do
  ln -sf /dev/null "$root/etc/systemd/system/$unit"
done

rm -f "$out/disk.img"
mke2fs -q -t ext4 -d "$root" "$out/disk.img" 4G

# The RAM disk: mounts the disk, and leaves the rest to systemd.
ram=$out/ram
mkdir -p "$ram"/{bin,dev,proc,root,modules}
cp "$unpacked/busybox-static/bin/busybox" "$ram/bin"
for module in virtio_pci virtio_blk; do
  modprobe -d "$root" -S "$version" --show-depends "$module" | awk '$1 == "insmod" {print $2}'
done | awk '!seen[$0]++' | while read -r file; do
  cp "$file" "$ram/modules"
  echo "insmod /modules/$(basename "$file")"
done >"$out/modules"
cat >"$ram/init" <<INIT
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t devtmpfs devtmpfs /dev
$(cat "$out/modules")
until [ -b /dev/vda ]; do usleep 10000; done
mount -t ext4 -o ro /dev/vda /root
mount -o move /dev /root/dev
exec switch_root /root /sbin/init
INIT
chmod 755 "$ram/init"
(cd "$ram" && find . -print0 | cpio --null --create --format=newc --quiet) | gzip -1 >"$out/initrd.gz"
cp "$kernel"/boot/vmlinuz-* "$out/vmlinuz"
rm -rf "$root" "$ram" "$out/modules"
