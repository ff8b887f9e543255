#!/bin/bash
# Builds the kernel: build.sh OUT_DIR. Leaves OUT_DIR/zImage, OUT_DIR/config and
# OUT_DIR/release (the name `uname -r` gives). Takes 10 to 25 minutes on two cores.
#
# Source and real-time patches are Debian trixie's source package, fetched and checked by
# apt with a sources list and package lists of its own: the host's are left as they are.
# PREEMPT_RT on 32-bit ARM is in no mainline kernel; it is in that package's patches-rt.
#
#   PUMPD_VBB_MIRROR   where Debian's archive is, if not where the host has it from
#   PUMPD_VBB_JOBS     compilers side by side (default: as many as cores)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$1
pinned=$(cat "$here/version")
jobs=${PUMPD_VBB_JOBS:-$(nproc)}
. "$here/../mirror.sh"

work=$out/work
mkdir -p "$work"
cd "$work"

if [ ! -e unpacked ]; then
    private_apt "$work/apt" trixie "$(dpkg --print-architecture)"
    "${APT_GET[@]}" update -qq
    version=$pinned
    if ! "${APT_GET[@]}" source -qq --download-only "linux=$version"; then
        # An archive keeps old sources for a while only.
        for version in $("${APT_CACHE[@]}" madison linux | awk '$3 ~ /^6\.12\./ {print $3}' | sort -Vru); do
            "${APT_GET[@]}" source -qq --download-only "linux=$version" && break
            version=
        done
        [ -n "$version" ] || {
            echo "no source of a 6.12 kernel can be fetched; see the messages above" >&2
            exit 1
        }
        echo "note: the archive no longer has $pinned; taking $version" >&2
    fi
    echo "unpacking linux $version"
    rm -rf source
    dpkg-source --no-check -x "linux_$version.dsc" source >/dev/null
    (
        cd source
        grep -v '^#' debian/patches-rt/series | while read -r patch _; do
            [ -z "$patch" ] || patch --quiet --forward -p1 <"debian/patches-rt/$patch"
        done
        # The package's own build files would get in the way of a plain `make`.
        rm -rf debian .pc
    )
    touch unpacked
fi

cd source
make() { command make ARCH=arm CROSS_COMPILE=arm-linux-gnueabihf- KBUILD_BUILD_USER=pumpd \
    KBUILD_BUILD_HOST=virtual-beaglebone KCONFIG_NOTIMESTAMP=1 "$@"; }
make -s tinyconfig
ARCH=arm scripts/kconfig/merge_config.sh -m .config "$here/fragment.config" >/dev/null
make -s olddefconfig

# A row that kconfig dropped (for want of another) would be found out much later.
lost=$(grep '^CONFIG_' "$here/fragment.config" | while read -r row; do
    grep -qxF "$row" .config || echo "$row"
done)
if [ -n "$lost" ]; then
    printf 'kconfig dropped these rows of the fragment:\n%s\n' "$lost" >&2
    exit 1
fi

echo "compiling with $jobs jobs"
make -j"$jobs" zImage 2>&1 | stdbuf -oL awk '
    /^  (CC|AS|AR|LD)/ { if (++n % 100 == 0) printf "  %d files, %s\n", n, $2; next }
    /warning:|^  (HOSTCC|UPD|WRAP|GEN|SYSHDR|SYSTBL|CHK|CALL|HOSTLD|OBJCOPY|VDSO|MUNGE|SYSNR|NM|SYSMAP|SORTTAB|KSYMS)/ { next }
    { print }'
cp arch/arm/boot/zImage "$out/zImage.part"
cp .config "$out/config"
make -s kernelrelease >"$out/release"
mv "$out/zImage.part" "$out/zImage"
cd "$out"
rm -rf "$work"
