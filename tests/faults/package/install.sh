#!/usr/bin/env bash
# Takes the Debian package through its life on a machine of its own: a container with a real systemd,
# in which life.sh, beside this file, installs it, has it work, kills and freezes its programs,
# upgrades it with orders in work, removes and purges it. Needs root, mmdebstrap and systemd-nspawn
# (SYSTEMD_NSPAWN names it if it is not installed); takes half a minute the first time, for the
# container's root, which is kept in build/, and a quarter of one later.
#
# install.sh FIRST.deb SECOND.deb: the second one is a later version of the first.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."

first=$1 second=$2
nspawn=${SYSTEMD_NSPAWN:-systemd-nspawn}
patience_seconds=180 # only something broken ever takes that long

say() { printf '==> %s\n' "$*"; }

die() {
    printf 'package: %s\n' "$*" >&2
    exit 1
}

work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT

# What the package needs, so that it is installed in there without a network.
dependencies() {
    dpkg-deb --field "$first" Depends | tr ',' '\n' | sed -E 's/^ *([a-z0-9.+-]+).*/\1/' | paste -sd,
}

# root_archive: prints the name of the archive of a root that has them all.
root_archive() {
    local wanted archive
    wanted=systemd-sysv,dbus,curl,$(dependencies)
    archive=build/package-root-$(md5sum <<<"$wanted" | cut -c1-8).tar
    if [[ ! -f $archive ]]; then
        mmdebstrap --quiet --variant=minbase --include="$wanted" bookworm "$work/root.tar" \
            >"$work/mmdebstrap.log" 2>&1 || die "no root can be made: $(tail -n 20 "$work/mmdebstrap.log")"
        mkdir -p build
        mv "$work/root.tar" "$archive"
    fi
    printf '%s' "$archive"
}

((EUID == 0)) || die "needs root"
root=$work/root
mkdir "$root"
archive=$(root_archive)
tar --extract --directory="$root" --file="$archive"
install -D --mode=0644 "$first" "$root/packages/first.deb"
install -D --mode=0644 "$second" "$root/packages/second.deb"
install tests/faults/package/life.sh "$root/life.sh"
# It is the container's last service, and ends it.
cat >"$root/etc/systemd/system/life.service" <<'UNIT'
[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/bash -c '/life.sh >/life.log 2>&1; echo "status $?" >>/life.log; systemctl poweroff --force'
[Install]
WantedBy=multi-user.target
UNIT
wants=$root/etc/systemd/system/multi-user.target.wants
mkdir -p "$wants"
ln -s ../life.service "$wants/life.service"

timeout "$patience_seconds" "$nspawn" --register=no --keep-unit --quiet --private-network --boot \
    --machine="orders-package-$$" --directory="$root" </dev/null >"$work/boot.log" 2>&1 ||
    die "the container did not end well: $(tail -n 20 "$work/boot.log")"
sed '$d' "$root/life.log"
[[ $(tail -n 1 "$root/life.log") == 'status 0' ]] ||
    die "failed; the end of the journal:"$'\n'"$(
        journalctl --directory="$root/var/log/journal" --no-pager --lines=60 2>/dev/null
    )"
say "sound"
