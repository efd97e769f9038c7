#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# All loads at once, for as long as the guest lives; a line each second or so:
#   LOAD /dev/xvda, /dev/xvdb <seconds> reads=N bad=N errors=N longest_ms=N
#   LOAD sync <seconds> ok=N bad=N: synchronous reads of the disk whose backend goes on with the ring
#   LOAD net <seconds> ok=N bad=N failed=N
B=/bin/busybox
. /etc/expect
export PATH=/bin:/sbin

wait_for() {
    while [ ! -e "$1" ]; do $B usleep 100000; done
}

net() {
    wait_for /sys/class/net/eth0
    $B ip link set lo up
    $B ip addr add 10.0.0.2/24 dev eth0
    $B ip link set eth0 up
    ok=0 bad=0 failed=0
    while :; do
        if $B timeout 3 $B wget -q -O /tmp/served http://10.0.0.1/served.txt 2>/dev/null; then
            if [ "$($B sha256sum /tmp/served | $B cut -d' ' -f1)" = "$NET_SHA256" ]; then ok=$((ok + 1)); else bad=$((bad + 1)); fi
        else
            failed=$((failed + 1))
            $B usleep 200000
        fi
        echo "LOAD net $($B cut -d. -f1 /proc/uptime) ok=$ok bad=$bad failed=$failed"
    done
}

sync_reads() {
    ok=0 bad=0 first=
    while :; do
        sum=$($B dd if=/dev/xvda bs=64k count=16 iflag=direct 2>/dev/null | $B sha256sum)
        [ -n "$first" ] || first=$sum
        if [ "$sum" = "$first" ]; then ok=$((ok + 1)); else bad=$((bad + 1)); fi
        echo "LOAD sync $($B cut -d. -f1 /proc/uptime) ok=$ok bad=$bad"
        $B usleep 300000
    done
}

net &
wait_for /dev/xvda
sync_reads &
diskload /dev/xvda &
wait_for /dev/xvdb
exec diskload /dev/xvdb
