#!/bin/bash
# The first process of a real cluster, or of one of its nodes. Its end is the end of everything in it.
#
#   cluster.sh STATE          the cluster: wires, etcd, API server and controllers; descriptor 3 is the machine's network
#   cluster.sh STATE NODE     a node: its mounts, containerd, kubelet, kube-proxy
#
# STATE holds what real-cluster.ts has written:
#   network          number, address of the API server, address of the machine
#   nodes            a line for each: name, address, block of its pods
#   images.txt       a docker archive on each line
#   commands/NAME    a word of the command on each line
#   off/NAME         NAME must not run; stopped/NAME says that it does not
# and gets pid/NAME and log/NAME.log.
set -eu
state=$1
read -r number server machine <"$state/network"

# Runs a program again whenever it ends, unless it is switched off.
keep() {
  local name=$1 command
  mapfile -t command <"$state/commands/$name"
  while :; do
    if [ -e "$state/off/$name" ]; then
      touch "$state/stopped/$name"
      while [ -e "$state/off/$name" ]; do sleep 0.1; done
      rm "$state/stopped/$name"
    fi
    "${command[@]}" >>"$state/log/$name.log" 2>&1 3<&- &
    echo $! >"$state/pid/$name"
    wait $! || echo "$name ended with $?"
    rm "$state/pid/$name"
    sleep 0.1
  done
}

# After everything is killed, dead sockets would keep a namespace and its wires for minutes.
quick_end='echo 1 >/proc/sys/net/ipv4/tcp_orphan_retries'

wire_cluster() {
  eval "$quick_end"
  ip link set lo up
  ip link add br0 type bridge
  ip address add "$server/24" dev br0
  ip link set br0 up

  local outside=(nsenter --net=/proc/self/fd/3)
  # Numbers count in the caller's namespace: 1 is this process.
  "${outside[@]}" ip link set "kube${number}c" netns 1
  ip link set "kube${number}c" master br0 up
  "${outside[@]}" ip address add "$machine/24" dev "kube$number"
  "${outside[@]}" ip link set "kube$number" up
  # The machine answers pods, and passes nothing on.
  "${outside[@]}" bash -c "echo 0 >/proc/sys/net/ipv4/conf/kube$number/forwarding"

  local name address block
  while read -r name address block; do
    "${outside[@]}" ip route add "$block" via "$address"
    ip route add "$block" via "$address"
    wire_node "$name" "$address"
  done <"$state/nodes"
}

wire_node() {
  local name=$1 address=$2 other via block inside=(nsenter "--net=/run/netns/$1")
  ip netns add "$name"
  ip link add "$name" type veth peer name eth0 netns "$name"
  ip link set "$name" master br0 up
  "${inside[@]}" ip link set lo up
  "${inside[@]}" ip address add "$address/24" dev eth0
  "${inside[@]}" ip link set eth0 up
  "${inside[@]}" ip route add default via "$machine"
  "${inside[@]}" bash -c "$quick_end; echo 1 >/proc/sys/net/ipv4/ip_forward"
  while read -r other via block; do
    [ "$other" = "$name" ] || "${inside[@]}" ip route add "$block" via "$via"
  done <"$state/nodes"
}

run_cluster() {
  # Of our own, for the names of network namespaces.
  mount -t tmpfs tmpfs /run
  wire_cluster
  local name
  for name in etcd kube-apiserver kube-controller-manager kube-scheduler; do keep "$name" & done
  while read -r name _; do
    nsenter "--net=/run/netns/$name" unshare --pid --mount --uts --ipc --fork --kill-child --mount-proc \
      bash "$0" "$state" "$name" 3<&- </dev/null || echo "node $name has ended" &
  done <"$state/nodes"
  wait
}

run_node() {
  local node=$1 folder=$state/$1 each
  hostname "$node"
  mount -t tmpfs tmpfs /run
  for each in etc var; do
    mount -t overlay "$each" -o "lowerdir=/$each,upperdir=$folder/$each/upper,workdir=$folder/$each/work" "/$each"
  done
  # An overlay cannot have its upper layer on an overlay, and containerd makes some.
  mkdir -p /var/lib/containerd /var/lib/kubelet
  mount --bind "$folder/containerd" /var/lib/containerd
  mount --bind "$folder/kubelet" /var/lib/kubelet
  (cd "$folder/sysctl" && find . -type f) | while read -r each; do
    mount --bind "$folder/sysctl/$each" "/proc/sys/$each"
  done
  mount --make-rshared /
  for each in /sys/fs/cgroup/*/; do mkdir -p "$each/kube$number/$node"; done

  keep "containerd-$node" &
  until ctr version >/dev/null 2>&1; do sleep 0.1; done
  while read -r each; do ctr --namespace k8s.io images import "$each"; done <"$state/images.txt"
  keep "kubelet-$node" &
  keep "kube-proxy-$node" &
  wait
}

if [ $# -gt 1 ]; then run_node "$2"; else run_cluster; fi
