#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What Debian's drivers make of the machine's devices, and backendd's tests where they can all run. TAP lines.
B=/bin/busybox
check() { # name command...
    name=$1; shift
    if "$@" >/tmp/out 2>&1; then echo "ok lab: $name"; else echo "not ok lab: $name"; $B sed 's/^/# /' /tmp/out; fi
}
wait_for() {
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do [ -e "$1" ] && return 0; $B usleep 250000; done
    echo "$1 is not there"; return 1
}
disk() { # device driver text
    wait_for "/dev/$1" || return 1
    at=$($B readlink -f "/sys/block/$1/device")
    while [ "$at" != / ] && [ "$($B basename "$($B readlink "$at/driver")")" != "$2" ]; do at=$($B dirname "$at"); done
    [ "$at" != / ] || { echo "$2 does not drive $1"; return 1; }
    [ "$($B head -c ${#3} "/dev/$1")" = "$3" ] || { echo "$1 does not begin with $3"; return 1; }
}
card() { # interface driver
    wait_for "/sys/class/net/$1" && [ "$($B basename "$($B readlink "/sys/class/net/$1/device/driver")")" = "$2" ]
}
tests() { # program: its cases in TAP, none of them left out
    CMOCKA_MESSAGE_OUTPUT=TAP "/bin/lab-$1" >/tmp/tap 2>/tmp/err
    $B sed -n -E 's/^(ok|not ok) [0-9]+ - (.*)/\1 lab: '"$1"' \2/p' /tmp/tap | $B sed 's/^ok\(.*# SKIP.*\)/not ok\1/'
    $B grep -E "^# [^o]" /tmp/tap; $B grep -q '^not ok' /tmp/tap && $B sed 's/^/# /' /tmp/err
}
check "nvme disk" disk nvme0n1 nvme nvme-content
check "ahci disk" disk sda ahci ahci-content
check "virtio disk" disk vda virtio_blk virtio-content
check "e1000e card" card eth0 e1000e
check "virtio card" card eth1 virtio_net
tests vbd
tests qcow2
tests vif
echo "LAB done"
$B sync
$B poweroff -f
