#!/bin/sh
# Installs the Debian packages that the tests on the real kernel, on a real cluster, in other shells, with Prometheus, on an emulated
# processor and under Wine use. Does nothing, at once, when all are there. Without root it only says what is missing and ends well:
# those tests are then skipped, with the reason.
set -eu

# Administrators' folders are often not on an ordinary user's path, though the tools are there.
PATH="$PATH:/usr/sbin:/sbin"

# tool:package, one tool that stands for each package
tools='ipset:ipset iptables-nft:iptables iptables-legacy:iptables conntrack:conntrack nft:nftables ip:iproute2 python3:python3
  containerd:containerd runc:runc /usr/lib/cni/ptp:containernetworking-plugins busybox:busybox-static openssl:openssl jq:jq man:man-db mandoc:mandoc
  git:git xz:xz-utils gcc:gcc /usr/include/stdio.h:libc6-dev
  /usr/share/bash-completion/bash_completion:bash-completion zsh:zsh fish:fish tmux:tmux
  promtool:prometheus amtool:prometheus-alertmanager
  /usr/bin/qemu-aarch64-static:qemu-user-static /usr/aarch64-linux-gnu/lib/libstdc++.so.6:libstdc++6-arm64-cross
  /usr/lib/wine/wine64:wine64 x86_64-w64-mingw32-gcc:gcc-mingw-w64-x86-64-win32'

missing=''
for pair in $tools; do
  package=${pair#*:}
  { command -v "${pair%%:*}" >/dev/null || [ -e "${pair%%:*}" ]; } && continue
  case " $missing " in *" $package "*) continue ;; esac
  missing="${missing:+$missing }$package"
done

[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
  echo "Tests on the real kernel, on a cluster, in shells, with Prometheus, on an emulated processor and under Wine will be skipped. To run them, as root: apt-get install $missing"
  exit 0
fi

if ! command -v apt-get >/dev/null; then
  echo "No apt-get here. Install these in this system's own way: $missing" >&2
  exit 1
fi

# The tests start what they need themselves: no package may start a service now. This file is how Debian says so.
policy=/usr/sbin/policy-rc.d
if ! [ -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
fi

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# $missing is a list of words.
# shellcheck disable=SC2086
apt-get install -qq -y --no-install-recommends $missing >/dev/null
