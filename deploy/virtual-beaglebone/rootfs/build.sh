#!/bin/bash
# Makes the armhf root file system: build.sh OUT_DIR. Leaves OUT_DIR/rootfs.tar, a small
# Debian bookworm with systemd. Takes 4 to 8 minutes; needs root.
#
# Programs of the other architecture run by the kernel's binfmt_misc during the build.
#
#   PUMPD_VBB_MIRROR   where Debian's archive is, if not where the host has it from
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$1
. "$here/../mirror.sh"

if [ ! -e /proc/sys/fs/binfmt_misc/status ]; then
    mount -t binfmt_misc none /proc/sys/fs/binfmt_misc || {
        echo "binfmt_misc can't be mounted: a kernel with CONFIG_BINFMT_MISC is needed, and root" >&2
        exit 1
    }
fi
[ -e /proc/sys/fs/binfmt_misc/qemu-arm ] || update-binfmts --enable qemu-arm || {
    echo "programs for ARM can't be run here: is qemu-user-static installed?" >&2
    exit 1
}

mkdir -p "$out"
packages=$(grep -v '^#' "$here/packages" | paste -sd,)
# bookworm alone: an index of its security archive for armhf is not always consistent.
mmdebstrap --arch=armhf --variant=apt --mode=root --format=tar \
    --include="$packages" \
    --aptopt='APT::Install-Recommends "false"' \
    --aptopt='Acquire::Languages "none"' \
    --aptopt='Acquire::Retries "3"' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
    bookworm "$out/rootfs.tar.part" \
    "deb $(debian_mirror) bookworm main"
mv "$out/rootfs.tar.part" "$out/rootfs.tar"
