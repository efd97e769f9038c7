#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The other end of the native machine's network, in a network namespace of its own: answers like the domain behind a vif, from
# the address of a bridge that has the wire as its port and knows VLANs, as backendd makes it.
B=/bin/busybox
$B ip link set lo up
until [ -e /sys/class/net/veth0 ] || $B ip link show veth0 >/dev/null 2>&1; do $B usleep 20000; done
$B mount -t sysfs sys /sys
$B brctl addbr guests
echo 1 >/sys/class/net/guests/bridge/vlan_filtering
$B brctl addif guests veth0
$B ip addr add 10.0.0.1/24 dev guests
$B ip link set veth0 up
$B ip link set guests up
/bin/crr serve 9 &
exec /bin/iperf3 -s >/dev/null
