#!/bin/sh
# Process 1 of a test host: gives it a /proc, a /sys, a /run and copy-on-write directories of its own, says its process
# number as the machine sees it, and holds the namespaces until it is killed. Usage: sh lab-host.sh NAME
set -e
changes=/run/lab-changes

# Before /proc is the host's own, it shows the machine's numbers.
read -r pid rest </proc/self/stat
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lock /run/wireguard "$changes"
for directory in etc opt var usr/local; do
  mkdir -p "$changes/$directory" "$changes/.work/$directory"
  mount -t overlay overlay -o "lowerdir=/$directory,upperdir=$changes/$directory,workdir=$changes/.work/$directory" "/$directory"
done
rm -f /etc/resolv.conf
: >/etc/resolv.conf
hostname "$1"
printf '127.0.0.1 localhost %s\n' "$1" >/etc/hosts
ip link set lo up
sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 net.ipv6.conf.default.accept_dad=0
echo "ready $pid"
# The shell reaps orphans, because it waits for every child while it waits for one.
while :; do sleep 3600 || :; done
