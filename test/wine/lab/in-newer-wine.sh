#!/bin/sh
# Runs a program for Windows by the Wine of a folder that newer-wine.sh has made. The program sees SHARED as Z:\work, and nothing else of this machine.
# Nothing is left: mounts, and whatever Wine has started, go with the program, and what it writes elsewhere than to SHARED, too.
#
#   in-newer-wine.sh [--keep] FOLDER SHARED PROGRAM [WORD ...]       --keep: FOLDER itself may be written to
set -eu

if [ "${IN_NAMESPACES:-}" != yes ]; then
  IN_NAMESPACES=yes exec unshare --mount --propagation private --pid --fork --kill-child sh "$0" "$@"
fi

root=''
if [ "$1" = --keep ]; then
  shift
  root=$1
fi
lower=$1
shared=$(realpath "$2")
shift 2
# Until something else lies over it, /mnt is a place that is there on each machine.
mount -t tmpfs tmpfs /mnt
if [ -z "$root" ]; then
  mkdir /mnt/upper /mnt/work /mnt/root
  mount -t overlay overlay -o "lowerdir=$lower,upperdir=/mnt/upper,workdir=/mnt/work" /mnt/root
  root=/mnt/root
fi
mount --bind "$shared" "$root/work"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"
mount -t tmpfs tmpfs "$root/tmp"
cd "$root"
# Wine itself is told to be silent. A DLL that Debian keeps among those for its cross compilers is found by WINEPATH.
exec /usr/bin/env -i HOME=/tmp WINEPREFIX=/prefix WINEDEBUG=-all WINESERVER=/usr/lib/wine/wineserver64 \
  WINEDLLOVERRIDES='mscoree,mshtml=;winemenubuilder.exe=d' WINEPATH='Z:\usr\x86_64-w64-mingw32\lib' TZ=UTC \
  /usr/sbin/chroot . /usr/lib/wine/wine64 "$@"
