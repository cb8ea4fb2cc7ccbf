# The packages on a clean Debian 12: accounts and folders, an appliance that serves, an upgrade in place, data kept on removal and gone on
# purge. And docs/operations.md as written: the configuration and the repository moved to another machine.
# shellcheck source=t/e2e/lib.sh
. "$OCA_TOP/t/e2e/lib.sh"

[ "$(id -u)" = 0 ] || fail "a Debian root can only be made as root"

root=$OCA_WORK/root

# Runs there; OCA_WORK is in the environment so that what is left running is found.
inside() {
  env -i OCA_WORK="$OCA_WORK" PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive HOME=/root chroot "$root" "$@"
}
apt() {
  inside apt-get -q -y -o Dpkg::Use-Pty=0 "$@" >"$tmp/apt.log" 2>&1 || { tail -n 30 "$tmp/apt.log"; fail "apt-get $*"; }
}
appliance_in() { # <verb>
  inside oca-appliance "$1" --home /var/lib/oca >"$tmp/appliance.log" 2>&1 || { cat "$tmp/appliance.log"; fail "oca-appliance $1"; }
}

build=$OCA_BIN/..
cpack --config "$build/CPackConfig.cmake" -B "$OCA_WORK/deb" >"$tmp/cpack.log" 2>&1 || { cat "$tmp/cpack.log"; fail "the packages cannot be built"; }
rm -rf "$OCA_WORK/deb/_CPack_Packages"
ls "$OCA_WORK"/deb/*.deb

debootstrap --variant=minbase bookworm "$root" >"$tmp/debootstrap.log" 2>&1 || { tail "$tmp/debootstrap.log"; fail "no Debian root"; }
unmount() { umount "$root/run" "$root/dev" "$root/proc" 2>/dev/null || true; }
trap unmount EXIT
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" # Debian starts no service here
chmod 755 "$root/usr/sbin/policy-rc.d"
mkdir "$root/deb"
cp "$OCA_WORK"/deb/*.deb "$root/deb"

# Installed: by apt, which brings what they need from Debian.
cp /etc/apt/sources.list.d/* "$root/etc/apt/sources.list.d/" 2>/dev/null || true
apt update
mapfile -t debs < <(cd "$root" && printf '/%s\n' deb/*.deb)
apt install --no-install-recommends "${debs[@]}"
[ "$(inside stat -c '%U %a' /var/lib/oca)" = "root 755" ]
[ "$(inside getent passwd oca | cut -d: -f7)" = /usr/bin/oca-shell ]
inside getent group oca-ssh
inside oca-ssh-user --help
inside test -f /etc/oca/oca.toml -a -f /usr/share/doc/oca/operations.md -a -f /usr/share/man/man1/oca.1
inside systemd-analyze verify --man=no /usr/lib/systemd/system/oca.service
inside dpkg --verify oca-server oca-cli oca-doc

appliance_in start
inside oca container --add --name backups
inside cp -a /usr/share/perl /oca/backups/perl
inside sync -f /oca/backups
inside sh -c 'echo "# mine" >>/etc/oca/oca.toml'

# An upgrade: the same programs as a newer version.
mkdir "$root/newer"
for package in server cli doc; do
  dpkg-deb -R "$OCA_WORK"/deb/oca-${package}_*.deb "$tmp/$package"
  sed -i 's/^Version: .*/Version: 99/; s/oca-cli (= [^)]*)/oca-cli (= 99)/' "$tmp/$package/DEBIAN/control"
  dpkg-deb -b "$tmp/$package" "$root/newer/oca-$package.deb" >/dev/null
done
apt install --no-install-recommends /newer/oca-server.deb /newer/oca-cli.deb /newer/oca-doc.deb
inside grep -q '^# mine' /etc/oca/oca.toml
appliance_in start
inside diff -r /usr/share/perl /oca/backups/perl

# docs/operations.md: a copy of the configuration, a lost database, the copy restored.
inside oca user --add --name carol --roles monitor --generate_password >/dev/null
inside pg_dump --host /var/lib/oca/pg/run --username oca --clean --if-exists oca >"$tmp/oca-config.sql"
appliance_in stop
mv "$root/var/lib/oca/pg" "$root/var/lib/oca/pg.lost"
appliance_in start
! inside oca user --show --name carol >/dev/null 2>&1 || fail "an empty database knows carol"
inside diff -r /usr/share/perl /oca/backups/perl
inside psql --host /var/lib/oca/pg/run --username oca --quiet --set ON_ERROR_STOP=1 oca <"$tmp/oca-config.sql" >/dev/null
appliance_in restart
inside oca user --show --name carol
inside oca container --show --name backups

# docs/operations.md: to another machine.
appliance_in stop
tar -C "$root" --numeric-owner --xattrs --acls --sparse -cf "$tmp/oca.tar" var/lib/oca etc/oca
apt remove oca-server
inside test -d /var/lib/oca/data -a -f /etc/oca/oca.toml
apt purge oca-server
for gone in /var/lib/oca /var/log/oca /etc/oca /oca; do
  ! inside test -e "$gone" -o -L "$gone" || fail "$gone is left after the purge"
done
! inside getent passwd oca || fail "the account is left after the purge"
! inside getent group oca-ssh || fail "the group is left after the purge"

# The root is a new machine now.
tar -C "$root" --numeric-owner --xattrs --acls -xf "$tmp/oca.tar"
apt -o Dpkg::Options::=--force-confold install --no-install-recommends /newer/oca-server.deb
appliance_in start
inside diff -r /usr/share/perl /oca/backups/perl
inside oca container --show --name backups
appliance_in stop
