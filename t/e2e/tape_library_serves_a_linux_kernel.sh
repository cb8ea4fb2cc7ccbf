#!/usr/bin/env bash
# A Linux kernel of its own, with open-iscsi, st, ch and sg, writes tapes with tar, mt and mtx, and reads them again after a restart.
source "$(dirname "$0")/lib.sh"
mkdir "$OCA_HOME"
printf '[vtl]\nfirst_port = %d\n' $((30000 + RANDOM % 10000)) >"$OCA_HOME/oca.toml"
start

initiator=iqn.2026-11.local.test:guest
oca iscsi --setpassword <<<'backup-secret' >/dev/null
oca container --add --name lib1 --type VTL --tape_size 10GB --no_of_drives 2 --no_of_tapes 4 >/dev/null
oca connection --add --name lib1 --type ISCSI --initiators "$initiator" >/dev/null
live() { field ".live.$1" vtl --show --name lib1; }
serving() { [ "$(live state)" = serving ]; }

"$OCA_TOP/t/e2e/guest/build.sh" "$tmp/guest.cpio.gz"
kernel=("$OCA_TOP"/build/unpacked/linux-image-cloud-amd64/boot/vmlinuz-*)

# guest <mode>: boots it, by software alone; 10.0.2.2 is this machine's loopback.
guest() {
  local portal
  portal=$(live portal)
  timeout 240 qemu-system-x86_64 -accel tcg -m 512 -smp 1 -display none -no-reboot -serial "file:$tmp/console" \
    -kernel "${kernel[0]}" -initrd "$tmp/guest.cpio.gz" -nic user,model=virtio-net-pci \
    -append "console=ttyS0 panic=-1 quiet oca.mode=$1 oca.portal=10.0.2.2:${portal##*:} oca.target=$(live target) \
oca.initiator=$initiator oca.user=iscsi_user oca.password=backup-secret" </dev/null || fail "the virtual machine does not end: $(tail -n 30 "$tmp/console")"
  grep -q '^GUEST PASSED' "$tmp/console" || { tail -n 60 "$tmp/console"; fail "the guest, to $1"; }
}

guest write
[ "$(field '[.live.cartridges[].address] | sort | join(" ")' vtl --show --name lib1)" = "1000 1002 1003 1004" ] || fail "cartridges are not where the guest put them"
stop
start
eventually 60 serving
guest read
