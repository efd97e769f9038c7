#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the example's guest does, one result a line on the console:
#   SCENARIO <step> ok|FAIL <detail>
# and at the end SCENARIO done. A failed step does not stop the others.
B=/bin/busybox
. /etc/expect
export PATH=/bin:/sbin

ok() { step=$1; shift; echo "SCENARIO $step ok $*"; }
fail() { step=$1; shift; echo "SCENARIO $step FAIL $*"; }

# Wait until a path exists, at most $2 seconds.
wait_for() {
    left=$(($2 * 5))
    while [ ! -e "$1" ] && [ $left -gt 0 ]; do
        $B usleep 200000
        left=$((left - 1))
    done
    [ -e "$1" ]
}

sha() { $B sha256sum "$1" 2>/dev/null | $B cut -d' ' -f1; }

driver_of() { $B basename "$($B readlink "$1/device/driver" 2>/dev/null)"; }

userspace() {
    ok userspace "kernel=$($B uname -r) vcpus=$($B grep -c ^processor /proc/cpuinfo)"
}

disk() {
    wait_for /dev/xvda 60 || { fail disk "no /dev/xvda after 60 s"; return; }
    $B mount -t ext2 /dev/xvda /mnt || { fail disk "mount of /dev/xvda failed"; return; }
    got=$(sha /mnt/known.txt)
    if [ "$got" = "$DISK_SHA256" ]; then
        ok disk "driver=$(driver_of /sys/block/xvda) known.txt sha256=$got"
    else
        fail disk "known.txt sha256=$got expected=$DISK_SHA256"
    fi
}

net() {
    wait_for /sys/class/net/eth0 60 || { fail net "no eth0 after 60 s"; return; }
    $B ip link set lo up
    $B ip addr add 10.0.0.2/24 dev eth0
    $B ip link set eth0 up
    left=30
    while [ $left -gt 0 ]; do
        $B timeout 20 $B wget -q -O /tmp/served.txt http://10.0.0.1/served.txt 2>/tmp/wget.err && break
        left=$((left - 1))
        $B usleep 500000
    done
    [ $left -gt 0 ] || { fail net "fetch from 10.0.0.1: $($B tail -n1 /tmp/wget.err)"; return; }
    got=$(sha /tmp/served.txt)
    if [ "$got" = "$NET_SHA256" ]; then
        ok net "driver=$(driver_of /sys/class/net/eth0) served.txt sha256=$got"
    else
        fail net "served.txt sha256=$got expected=$NET_SHA256"
    fi
}

# New content each time, read back after the cache is gone, once mounted again.
write_back() {
    $B dd if=/dev/urandom of=/tmp/new bs=64k count=8 2>/dev/null
    want=$(sha /tmp/new)
    $B cp /tmp/new /mnt/written || { fail write "copy to the disk failed"; return; }
    $B sync
    $B umount /mnt || { fail write "umount failed"; return; }
    echo 3 > /proc/sys/vm/drop_caches
    $B blockdev --flushbufs /dev/xvda
    $B mount -t ext2 /dev/xvda /mnt || { fail write "mounting again failed"; return; }
    got=$(sha /mnt/written)
    if [ -n "$want" ] && [ "$got" = "$want" ]; then
        ok write "512 KiB written, read back sha256=$got"
    else
        fail write "read back sha256=$got wrote=$want"
    fi
}

userspace
disk
net
write_back
/bin/refuse || echo "SCENARIO refuse FAIL status=$?"
echo "SCENARIO done"
