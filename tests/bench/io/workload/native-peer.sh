#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The other end of the native machine's network, in a network namespace of its own: answers like the domain behind a vif.
B=/bin/busybox
$B ip link set lo up
until [ -e /sys/class/net/veth0 ] || $B ip link show veth0 >/dev/null 2>&1; do $B usleep 20000; done
$B ip addr add 10.0.0.1/24 dev veth0
$B ip link set veth0 up
/bin/crr serve 9 &
exec /bin/iperf3 -s >/dev/null
