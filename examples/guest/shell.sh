#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A shell on the console, for people: `bh run --shell`.
/bin/busybox --install -s /bin 2>/dev/null
echo
echo "This is the guest. Its disk is on /mnt, its network is eth0; try 'refuse', or 'poweroff'."
exec /bin/sh -i
