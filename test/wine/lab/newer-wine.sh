#!/bin/sh
# Makes a folder with Wine 10 of Debian 13, what it needs for programs without windows, and a prefix. Node 26 ends at once under the Wine 8 of
# Debian 12. A folder that is there is not made again; a cold one takes half a minute and 1.5 GB. Prints the folder: it is for reading only.
set -eu

here=$(dirname "$(realpath "$0")")
RELEASE=trixie
# Wine looks for libraries of sound, pictures and cameras when something asks for them; nothing here does.
PACKAGES='wine64 libwine libc6 libgcc-s1 libunwind8 liblzma5 zlib1g libz-mingw-w64'

cache=${KUBECTL_NPM_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/kubectl-npm}
folder=$cache/wine-$RELEASE
mkdir -p "$cache"
exec 9>"$cache/wine.lock"
flock 9
if [ -d "$folder" ]; then
  echo "$folder"
  exit 0
fi

# From the mirror that this machine has its own packages from, checked by Debian's keys, and beside this machine's own lists.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1)
if [ -z "$mirror" ]; then
  echo 'no mirror of Debian is among the sources of apt-get, or apt-get update was never run' >&2
  exit 1
fi
work=$(mktemp -d "$cache/wine.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial" "$work/packages" "$work/root"
: >"$work/apt/status"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $RELEASE main" >"$work/apt/sources.list"
cat >"$work/apt/config" <<CONFIG
Dir::Etc::sourcelist "$work/apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State "$work/apt";
Dir::State::status "$work/apt/status";
Dir::Cache "$work/apt/cache";
APT::Architecture "amd64";
APT::Sandbox::User "root";
Acquire::Retries "3";
CONFIG
export APT_CONFIG="$work/apt/config"
apt-get update -qq >&2
cd "$work/packages"
# $PACKAGES is a list of words.
# shellcheck disable=SC2086
apt-get download -qq $PACKAGES >&2
for package in *.deb; do
  dpkg-deb --fsys-tarfile "$package" | tar -x -C "$work/root" --exclude=./usr/share/doc --exclude=./usr/share/man
done
cd "$work/root"
[ -e lib ] || ln -s usr/lib lib
[ -e lib64 ] || ln -s usr/lib64 lib64
mkdir -p proc dev sys tmp work prefix

# The prefix, where Wine has its C: drive, is made by its first start.
scratch=$(mktemp -d)
timeout 300 sh "$here/in-newer-wine.sh" --keep "$work/root" "$scratch" wineboot --init >"$work/prefix.log" 2>&1 || true
rmdir "$scratch"
if ! [ -e "$work/root/prefix/drive_c/windows/system32/kernel32.dll" ]; then
  echo 'Wine 10 made no prefix:' >&2
  tail -n 5 "$work/prefix.log" >&2
  exit 1
fi
mv "$work/root" "$folder"
echo "$folder"
