#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The honest guest: writes, reads back and fetches without end, all compared; once in two seconds how much of each it got done.
B=/bin/busybox
. /etc/expect
export PATH=/bin:/sbin

# Interfaces are numbered as they come up: the first of the description need not be eth0.
own=/sys/bus/xen/devices/vif-0/net
until [ -e /dev/xvda ] && own_name=$($B ls $own 2>/dev/null) && [ -n "$own_name" ]; do $B usleep 200000; done
$B ip link set lo up
$B ip addr add 10.0.0.2/24 dev "$own_name"
$B ip link set "$own_name" up
until $B timeout 5 $B wget -q -O /tmp/served http://10.0.0.1/served.txt 2>/dev/null; do $B usleep 200000; done
$B dd if=/dev/urandom of=/tmp/pattern bs=64k count=4 2>/dev/null
now() { read -r up rest </proc/uptime; echo "${up%.*}"; }

# Uses what the villain offers, as a guest would. Those who wait for it in vain cannot be ended: none is waited for.
use() {
    while :; do
        for d in /dev/xvd[b-z]; do
            [ -b "$d" ] && [ ! -e "/tmp/${d##*/}" ] || continue
            : >"/tmp/${d##*/}"
            (n=0; while $B sleep 1; do n=$((n + 1)); $B dd if="$d" of=/dev/null bs=4k count=1 skip=$n iflag=direct; done) >/dev/null 2>&1 &
        done
        for n in /sys/class/net/eth*; do [ "${n##*/}" = "$own_name" ] || $B ip link set "${n##*/}" up 2>/dev/null; done
        $B sleep 1
    done
}
use &

disk=0 net=0 wrong=0 failed=0 last=$(now)
while :; do
    $B dd if=/tmp/pattern of=/dev/xvda bs=64k seek=32 oflag=direct conv=notrunc 2>/dev/null || failed=$((failed + 1))
    $B dd if=/dev/xvda of=/tmp/read bs=64k skip=32 count=4 iflag=direct 2>/dev/null || failed=$((failed + 1))
    if $B cmp -s /tmp/pattern /tmp/read; then disk=$((disk + 1)); else wrong=$((wrong + 1)); fi
    if $B timeout 5 $B wget -q -O /tmp/served http://10.0.0.1/served.txt 2>/dev/null; then
        got=$($B sha256sum /tmp/served); got=${got%% *}
        if [ "$got" = "$NET_SHA256" ]; then net=$((net + 1)); else wrong=$((wrong + 1)); fi
    else
        failed=$((failed + 1))
    fi
    t=$(now)
    if [ $((t - last)) -ge 2 ]; then
        echo "WORK $t disk=$disk net=$net wrong=$wrong failed=$failed seconds=$((t - last))"
        disk=0 net=0 last=$t
    fi
done
