# To be sourced. An apt that keeps to itself: its own sources list, package lists and cache,
# so that the host's sources and architectures stay as they are.

# Where Debian's archive is: the host's own choice, else Debian's.
debian_mirror() {
    if [ -n "${PUMPD_VBB_MIRROR:-}" ]; then
        echo "$PUMPD_VBB_MIRROR"
        return
    fi
    local found
    found=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
        grep -E '^(URIs:|deb )' | grep -oE 'https?://[^ ]+' | grep -E '/debian/?$' | head -n1 || true)
    echo "${found:-http://deb.debian.org/debian}"
}

# private_apt FOLDER SUITE ARCHITECTURE: sets APT_GET and APT_CACHE.
private_apt() {
    local folder=$1 suite=$2 architecture=$3 mirror
    mirror=$(debian_mirror)
    mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial" "$folder/state"
    [ -e "$folder/status" ] || : >"$folder/status"
    local signed='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'
    printf 'deb %s %s %s main\ndeb-src %s %s %s main\n' \
        "$signed" "$mirror" "$suite" "$signed" "$mirror" "$suite" >"$folder/sources.list"
    local options=(
        -o "Dir::Etc::SourceList=$folder/sources.list" -o Dir::Etc::SourceParts=-
        -o "Dir::State=$folder/state" -o "Dir::State::Lists=$folder/lists"
        -o "Dir::State::Status=$folder/status" -o "Dir::Cache=$folder/cache"
        -o "APT::Architecture=$architecture" -o "APT::Architectures=$architecture"
        -o APT::Sandbox::User=root -o Acquire::Retries=3 -o Acquire::Languages=none
    )
    APT_GET=(apt-get "${options[@]}")
    APT_CACHE=(apt-cache "${options[@]}")
}
