#!/bin/sh
# Makes the agent's root file system from Debian packages: libraries, the node's tools; and the executable. No shell and no
# package manager are in it. Runs as a step of manifests/Containerfile, on Debian, as root.
#
#   rootfs.sh AGENT ROOTFS      AGENT: the executable with its licences; ROOTFS: folder to make
#
# IMAGE_CACHE, if set, is a folder that keeps package lists (for a day) and packages.
set -eu
umask 022

agent=$1
rootfs=$2
cache=${IMAGE_CACHE:-$(mktemp -d)}

# socat is the relay, and the probes of both pods: 9 MB with its libraries. libstdc++6 is what the executable links to;
# netbase has /etc/protocols and /etc/services, which the tools read.
packages='iptables ipset conntrack nftables socat netbase libstdc++6'
# Of util-linux only flock is taken, which the lock of writes needs, and which needs nothing but libc: the rest is 4 MB of other tools.
flock='util-linux'

mkdir -p "$cache/lists/partial" "$cache/packages"
lists="-o Dir::State::lists=$cache/lists -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache="
# $lists and $packages are lists of words.
# shellcheck disable=SC2086
{
  if [ -z "$(find "$cache/lists.stamp" -mtime -1 2>/dev/null)" ]; then
    apt-get $lists -qq update
    touch "$cache/lists.stamp"
  fi
  needed=$(apt-cache $lists depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
    --no-enhances $packages | grep '^[a-z0-9]' | sort -u)
  # Asked in a folder without packages, apt names the file of each; older versions may lie in the cache.
  files=$(cd / && apt-get $lists --print-uris download $needed | cut -d ' ' -f 2)
  flock_file=$(cd / && apt-get $lists --print-uris download $flock | cut -d ' ' -f 2)
  (cd "$cache/packages" && apt-get $lists -qq -o APT::Sandbox::User=root download $needed $flock)
}

rm -rf "$rootfs"
mkdir -p "$rootfs"
for file in $files; do
  dpkg-deb -x "$cache/packages/$file" "$rootfs"
done
dpkg-deb --fsys-tarfile "$cache/packages/$flock_file" |
  tar -x -C "$rootfs" ./usr/bin/flock "./usr/share/doc/$flock/copyright"
# The licences in /usr/share/doc stay.
rm -rf "$rootfs/usr/share/man" "$rootfs/usr/share/locale" "$rootfs/usr/share/lintian" "$rootfs/usr/share/bash-completion"
rm -rf "$rootfs/etc/init.d" "$rootfs/lib/systemd" "$rootfs/usr/lib/systemd"
rm -rf "$rootfs/usr/share/doc/socat/examples" "$rootfs/usr/bin/filan" "$rootfs/usr/bin/procan"

# What maintainer scripts and base packages would have made.
for family in iptables ip6tables; do
  for tool in $family $family-save $family-restore; do ln -sf xtables-nft-multi "$rootfs/usr/sbin/$tool"; done
done
mkdir -p "$rootfs/tmp" "$rootfs/run" "$rootfs/var/lib/npm-agent" "$rootfs/proc" "$rootfs/sys" "$rootfs/dev" "$rootfs/root"
chmod 1777 "$rootfs/tmp"
ln -sfn /run "$rootfs/var/run"
echo 'root:x:0:0:root:/root:/sbin/nologin' >"$rootfs/etc/passwd"
echo 'root:x:0:' >"$rootfs/etc/group"
echo 'hosts: files dns' >"$rootfs/etc/nsswitch.conf"
cp /etc/debian_version "$rootfs/etc/debian_version"
cp /usr/lib/os-release "$rootfs/etc/os-release"

mkdir -p "$rootfs/usr/local/bin" "$rootfs/opt/kubectl-npm"
cp -p "$agent"/*.* "$agent/LICENSE" "$agent/kubectl-npm" "$rootfs/opt/kubectl-npm"
# The executable is what it is called.
for name in npm-agent kubectl-npm; do
  ln -s /opt/kubectl-npm/kubectl-npm "$rootfs/usr/local/bin/$name"
done
