#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# An address from whoever gives one on the wire, then blocks written, read back and compared for ever.
B=/bin/busybox
$B ip link set eth0 up
$B udhcpc -i eth0 -n -q -t 6 -s /bin/busybox 2>&1 | $B grep lease
$B ip addr add 10.0.2.15/24 dev eth0
$B ping -c 5 10.0.2.2 2>&1 | $B grep packets
round=0
while :; do
    $B dd if=/dev/urandom of=/run/block bs=64k count=16 2>/dev/null
    $B dd if=/run/block of=/dev/xvda bs=64k seek=$((round % 64 * 16)) oflag=direct conv=fsync 2>/dev/null
    written=$($B md5sum </run/block)
    read=$($B dd if=/dev/xvda iflag=direct bs=64k skip=$((round % 64 * 16)) count=16 2>/dev/null | $B md5sum)
    round=$((round + 1))
    if [ "$written" = "$read" ]; then
        echo "DISK round=$round same at=$($B cut -d' ' -f1 /proc/uptime)"
    else
        echo "DISK round=$round DIFFERENT"
    fi
    $B sleep 0.3
done
