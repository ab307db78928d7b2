#!/bin/sh
# Runs a command beside a kernel that holds what node aks-shop-1 of examples/shop held, as root on Linux:
#
#   sudo sh examples/on-node.sh kubectl npm apply --local -f examples/shop/cluster.json --dry-run
#
# Rules and sets are loaded into a network namespace of their own, which is gone when the command ends. The machine's own stay as they are.
set -eu
node=aks-shop-1
documents=$(cd "$(dirname "$0")" && pwd)/shop/nodes/$node

# A node is known by its host name.
exec unshare --net --uts sh -euc '
  hostname "$1"
  ipset restore <"$2/ipset-save.txt"
  iptables-nft-restore <"$2/iptables-nft-save.txt"
  shift 2
  exec "$@"' sh "$node" "$documents" "$@"
