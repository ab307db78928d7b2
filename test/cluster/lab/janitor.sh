#!/bin/bash
# Tidies up behind a cluster whose owner has let go of it, or is gone: standard input ends then.
#
#   janitor.sh FOLDER     Notes in FOLDER that count: init, the process id of a real cluster's first process; number, its K.
set -u
folder=$1
trap '' INT TERM HUP
while read -r _; do :; done

# The end of the first process is the end of all others in its namespace: the kernel lets it go when they are gone.
if [ -e "$folder/init" ]; then
  init=$(<"$folder/init")
  if grep -qs "$folder" "/proc/$init/cmdline"; then kill -KILL "$init"; fi
  while grep -qs "$folder" "/proc/$init/cmdline"; do sleep 0.05; done
fi

if [ -e "$folder/number" ]; then
  number=$(<"$folder/number")
  while [ -e "/sys/class/net/kube$number" ] && ! ip link delete "kube$number"; do sleep 0.05; done
  for cgroup in /sys/fs/cgroup/*/"kube$number" /sys/fs/cgroup/"kube$number"; do
    while [ -d "$cgroup" ] && ! find "$cgroup" -depth -type d -exec rmdir {} +; do sleep 0.05; done
  done
fi 2>/dev/null

# Programs that die with their owner may still be writing.
while [ -e "$folder" ] && ! rm -rf "$folder" 2>/dev/null; do sleep 0.05; done
