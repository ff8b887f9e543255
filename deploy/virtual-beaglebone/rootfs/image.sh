#!/bin/bash
# Makes the disk: image.sh ROOTFS_TAR MACHINE_FOLDER DISK. The root file system with
# machine/ laid over it, as ext4 in a file of 2 GiB that takes up only what is in it.
set -euo pipefail
tar=$1 machine=$2 disk=$3
staging=$(mktemp -d "$disk.XXXXXX")
trap 'rm -rf "$staging"' EXIT
tar -C "$staging" --numeric-owner -xf "$tar" --exclude='./dev/*'
cp -r --no-preserve=ownership "$machine/." "$staging/"
mkdir -p "$staging/host"
# Nothing is to be typed on the console, and nobody comes in by any other way.
sed -i 's/^root:[^:]*:/root::/' "$staging/etc/shadow"
# What the image was kept small with is not for the packages that are tried in it.
grep -lr path-exclude "$staging/etc/dpkg/dpkg.cfg.d" | xargs --no-run-if-empty rm
# As after a first boot, which would enable and update everything each time.
echo 0123456789abcdef0123456789abcdef >"$staging/etc/machine-id"
touch "$staging/etc/.updated" "$staging/var/.updated"
rm -f "$disk.part"
truncate -s 2G "$disk.part"
mke2fs -q -t ext4 -L root -d "$staging" "$disk.part"
mv "$disk.part" "$disk"
