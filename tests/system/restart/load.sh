#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Both loads at once, for as long as the guest lives; a line each second or so:
#   LOAD disk <seconds> reads=N bad=N errors=N longest_ms=N
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

net &
wait_for /dev/xvda
exec diskload /dev/xvda
