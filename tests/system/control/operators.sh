#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Operators at work by TLS, one line for each attempt: TLS <who> <what> <status> <answer>. Begins when the host is enrolled.
B=/bin/busybox
export BH_HOST=tls:10.0.0.4 BH_KEYS=/keys
bh() { # who words...: what it prints, on one line
    who=$1; shift
    answer=$(/bin/control-client "$@" --as "$who" --name control-test --wait 0 2>&1); status=$?
    answer=$(echo "$answer" | $B tr '\n' ' ' | $B cut -c1-200)
}
say() { what=$1; shift; bh "$@"; echo "TLS $who $what $status $answer"; }
until bh watcher status && [ $status = 0 ]; do
    $B usleep 500000
done
say status watcher status --json
say restart watcher restart stordd
say status storop status
say pause storop pause stordd
say restart-netdd storop restart netdd
say attach-device storop attach stordd device 00:03.0
say detach-device storop detach stordd device 00:03.0 --force
say restart storop restart stordd
say status stranger status
say status forger status
answer=$(/bin/control-client status --as watcher --name another-host --wait 0 2>&1); echo "TLS watcher other-name $? $answer"
echo "TLS done"
while :; do $B sleep 1000; done
