#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What two guests see of their disks and interfaces. TAP lines; guest one waits for guest two's last word.
B=/bin/busybox
me=$($B sed 's/.*role=\([a-z]*\).*/\1/' /proc/cmdline)
check() { # name command...
    title=$1; shift
    if "$@" >/tmp/out 2>&1; then echo "ok backends $me: $title"; else
        echo "not ok backends $me: $title"; $B sed 's/^/# /' /tmp/out; fi
}
wait_for() { # seconds command...
    left=$(($1 * 4)); shift
    while [ $left -gt 0 ]; do "$@" >/dev/null 2>&1 && return 0; $B usleep 250000; left=$((left - 1)); done
    echo "in vain: $*"; return 1
}
begins() { wait_for 30 [ -e "/dev/$1" ] && [ "$($B head -c ${#2} "/dev/$1")" = "$2" ]; }
is_readonly() { [ "$($B cat "/sys/block/$1/ro")" = 1 ] && ! echo x 2>/dev/null >"/dev/$1"; }
writes() { # what is written is what is read, once more from the disk
    echo "written by $me" | $B dd of="/dev/$1" bs=512 seek=8 count=1 conv=sync,fsync 2>/dev/null || return 1
    $B blockdev --flushbufs "/dev/$1"
    $B dd if="/dev/$1" bs=512 skip=8 count=1 2>/dev/null | $B grep -q "written by $me"
}
node() { store "$(store "device/$1/backend")/$2"; }
refused() { # device reason
    wait_for 20 node "vbd/$1" hotplug-error && node "vbd/$1" hotplug-error && [ "$(node "vbd/$1" hotplug-status)" = error ] &&
        node "vbd/$1" hotplug-error | $B grep -q "$2"
}
nodes() { # class/device of the front end and back end: NODE=VALUE, NODE>VALUE
    device=$1; shift
    for want in "$@"; do
        side=${want%%:*} want=${want#*:}
        name=${want%%[=>]*} value=${want##*[=>]}
        if [ "$side" = front ]; then got=$(store "device/$device/$name"); else got=$(node "$device" "$name"); fi
        echo "$side $device/$name is '$got', wanted $want"
        case $want in
        *'>'*) [ "${got:-0}" -gt "$value" ] || return 1 ;;
        *) [ "$got" = "$value" ] || return 1 ;;
        esac
    done
}
feature() { [ "$($B cat "/sys/class/net/eth0/$1")" ]; }
fetch() { wait_for 3 $B timeout 20 $B wget -q -O /tmp/got "http://$1/file" && [ "$($B cat /tmp/got | $B md5sum)" = "$($B cat /www/file | $B md5sum)" ]; }
silent() { ! $B ping -c 2 -W 1 "$1"; }
answers() { wait_for 20 $B ping -c 1 -W 1 "$1"; }
limited() { # fetching takes longer than an unlimited guest's burst could
    start=$($B awk '{print int($1 * 1000)}' /proc/uptime)
    fetch "$1" || return 1
    took=$(($($B awk '{print int($1 * 1000)}' /proc/uptime) - start))
    echo "2 MiB in $took ms"
    [ $took -ge 1500 ]
}
told() { # what Linux shows of the hypervisor, which it asks each time; some of it is empty
    for what in version/extra compilation/compiler properties/capabilities properties/changeset properties/pagesize \
        properties/virtual_start properties/features uuid; do
        said=$($B cat "/sys/hypervisor/$what") && [ "$said" != "<denied>" ] || { echo "$what: $said"; return 1; }
    done
    $B cat /sys/hypervisor/properties/buildid 2>&1 | $B grep 'No data available' || { echo "buildid"; return 1; } # there is none
    [ "$($B cat /sys/hypervisor/type)" = xen ]
}
$B ip link set lo up
case $me in one) n=2 other=3 ;; *) n=3 other=2 ;; esac
wait_for 60 [ -e /sys/class/net/eth1 ]
$B ip addr add "10.0.0.$n/24" dev eth0; $B ip link set eth0 up
$B ip addr add "10.7.0.$n/24" dev eth1; $B ip link set eth1 up
$B seq 1 310000 >/www/file
$B httpd -p 80 -h /www
check "the other guest answers" answers "10.0.0.$other"
check "tells what it runs on" told
if [ "$me" = one ]; then
    check "partition, to write" begins xvda partition-one
    check "what is written to the partition is there" writes xvda
    check "image file, read only" begins xvdb shared-file
    check "nothing can be written there" is_readonly xvdb
    check "image file, to write" begins xvdc own-file
    check "what is written to the file is there" writes xvdc
    check "qcow2 image, to write" begins xvdd qcow2-file
    check "it has the size of its disk" [ "$($B cat /sys/block/xvdd/size)" = 16384 ]
    check "what is written to the image is there" writes xvdd
    check "its flushes are asked for" nodes vbd/51760 front:state=4 back:feature-flush-cache=1 back:format=qcow2
    check "front end of a disk negotiates everything" nodes vbd/51744 front:state=4 "front:multi-queue-num-queues>1" \
        front:feature-persistent=1 "back:multi-queue-max-queues>1" \
        "back:feature-max-indirect-segments>11" back:feature-persistent=1 back:feature-flush-cache=1 "back:max-ring-page-order>0"
    check "front end of an interface negotiates everything" nodes vif/0 front:state=4 "front:multi-queue-num-queues>1" \
        front:feature-sg=1 front:feature-gso-tcpv4=1 front:feature-gso-tcpv6=1 front:feature-ipv6-csum-offload=1 \
        front:feature-rx-notify=1 "back:multi-queue-max-queues>1" back:feature-sg=1 back:feature-gso-tcpv4=1 \
        back:feature-gso-tcpv6=1 back:feature-rx-copy=1 back:feature-split-event-channels=1 back:feature-ipv6-csum-offload=1
    check "the other guest over the bridge, at the rate it may send" limited 10.0.0.3
    check "the other guest in the VLAN" fetch 10.7.0.3
else
    check "image file that another reads too" begins xvda shared-file
    check "a whole disk whose parts are in use is refused" refused 51728 "a part of this disk"
    check "a file that another writes is refused" refused 51744 "served from it for writing"
    check "a raw file that is called qcow2 is refused" refused 51760 "it is no qcow2 image"
    check "an image with a backing file is refused" refused 51776 "it has a backing file"
    check "an image that another writes is refused" refused 51792 "served from it for writing"
    check "the other guest over the bridge" fetch 10.0.0.2
    check "the other guest in the VLAN" fetch 10.7.0.2
    check "the network domain is in the untagged network" $B arping -q -f -c 20 -I eth0 10.0.0.1
    check "and not in the VLAN" $B sh -c '! /bin/busybox arping -q -f -c 2 -I eth1 10.0.0.1'
    mac=$($B cat /sys/class/net/eth0/address)
    $B ip link set eth0 down; $B ip link set eth0 address 00:16:3e:00:04:00; $B ip link set eth0 up
    check "nothing is sent under another's address" silent 10.0.0.2
    $B ip link set eth0 down; $B ip link set eth0 address "$mac"; $B ip link set eth0 up
    check "and again under its own" answers 10.0.0.2
fi
echo "BACKENDS $me done"
