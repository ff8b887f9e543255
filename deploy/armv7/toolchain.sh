#!/bin/bash
# Makes what compiles for the board (armv7-unknown-linux-gnueabihf): toolchain.sh OUT_DIR.
# Leaves OUT_DIR/env, variables for cargo as `NAME=value` on lines.
#
# The standard library for the board comes by `rustup target add` where rustup can fetch.
# Else it is Debian's: a compiler and the libraries for both architectures unpacked beside
# each other in OUT_DIR, nothing of it installed. The C compiler, the emulator for running
# tests and what else comes from Debian by `apt-get install` is the caller's to install:
# gcc-arm-linux-gnueabihf libc6-dev-armhf-cross qemu-user-static.
#
#   PUMPD_VBB_MIRROR   where Debian's archive is, if not where the host has it from
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$1
. "$here/../virtual-beaglebone/mirror.sh"
target=armv7-unknown-linux-gnueabihf
mkdir -p "$out/debs"
cd "$out/debs"

by_rustup() {
    command -v rustup >/dev/null || return
    rustup target list --installed | grep -qx $target ||
        timeout 120 rustup target add $target >/dev/null 2>&1
}

# The board's security archive can lag behind its index, so its library is fetched from the
# address of the host's one, and must be of the very same version.
by_debian() {
    local fetch=(apt-get -qq -o APT::Sandbox::User=root download)
    local address version runtime llvm deb
    rm -f ./*.deb
    address=$(apt-get download --print-uris libstd-rust-web-dev | cut -d"'" -f2)
    "${fetch[@]}" rustc-web libstd-rust-web-dev
    version=$(dpkg-deb -f rustc-web_*.deb Version)
    runtime=$(dpkg-deb -f libstd-rust-web-dev_*.deb Depends | grep -o 'libstd-rust-web-[0-9.]*')
    llvm=$(apt-cache depends "$runtime" | grep -o 'libllvm[0-9]*' | head -n1)
    "${fetch[@]}" "$runtime" "$llvm"
    /usr/lib/apt/apt-helper download-file "${address/%_amd64.deb/_armhf.deb}" board.deb
    [ "$(dpkg-deb -f board.deb Version)" = "$version" ] || {
        echo "the board's Rust library is $(dpkg-deb -f board.deb Version), the compiler $version" >&2
        return 1
    }
    for deb in ./*.deb; do
        dpkg -x "$deb" "$out"
    done
    cat >"$out/rustc" <<W
#!/bin/sh
LD_LIBRARY_PATH=$out/usr/lib/x86_64-linux-gnu exec $out/usr/bin/rustc "\$@"
W
    chmod +x "$out/rustc"
    rm -f ./*.deb
}

rustc=
if ! by_rustup; then
    echo "rustup can't fetch $target: taking Debian's compiler"
    by_debian
    rustc=$out/rustc
fi

# strategy-host links with it.
private_apt "$out/apt" bookworm armhf
"${APT_GET[@]}" update -qq
"${APT_GET[@]}" download -qq libseccomp-dev libseccomp2
for deb in ./libseccomp*.deb; do
    dpkg -x "$deb" "$out/board"
done
rm -rf "$out/apt" "$out/debs"
libraries=$out/board/usr/lib/arm-linux-gnueabihf
# The one package keeps it under /lib, the other's link leads there.
find "$out/board" -name 'libseccomp.so.2*' -not -path "$libraries/*" -exec cp -a {} "$libraries/" \;

{
    [ -z "$rustc" ] || echo "RUSTC=$rustc"
    echo "CARGO_BUILD_TARGET=$target"
    echo "CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_LINKER=arm-linux-gnueabihf-gcc"
    echo "CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_RUNNER=qemu-arm-static -L /usr/arm-linux-gnueabihf -E LD_LIBRARY_PATH=$libraries"
    echo "CC_armv7_unknown_linux_gnueabihf=arm-linux-gnueabihf-gcc"
    echo "AR_armv7_unknown_linux_gnueabihf=arm-linux-gnueabihf-ar"
    echo "LIBSECCOMP_LIB_PATH=$libraries"
} >"$out/env.part"
mv "$out/env.part" "$out/env"
