#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# All loads at once; a line each second or so, with the seconds of this guest's time:
#   SOAK files <seconds> rounds=N errors=N: fio in a file system, and files that are copied, compared and removed
#   SOAK http <seconds> ok=N bad=N failed=N longest_ms=N: files fetched by checksum; the longest time between two that were right
#   SOAK sync <seconds> ok=N bad=N: synchronous reads of the disk that never changes
#   LOAD /dev/xvdb ...: asynchronous ones (diskload)
# When the web server has a file `end`, the file system is unmounted: SOAK end.
B=/bin/busybox
export PATH=/bin:/sbin
server=http://10.0.2.100

wait_for() { while [ ! -e "$1" ]; do $B usleep 100000; done; }
hundredths() { read -r up _ </proc/uptime; echo "${up%.*}${up#*.}"; }
seconds() { read -r up _ </proc/uptime; echo "${up%.*}"; }

http() {
    wait_for /sys/class/net/eth0
    $B ip link set lo up
    $B ip addr add 10.0.2.15/24 dev eth0
    $B ip link set eth0 up
    ok=0 bad=0 failed=0 longest=0 right=
    while [ ! -e /tmp/end ]; do
        while read -r sum file; do
            if $B timeout 2 $B wget -q -O /tmp/got $server/"$file" 2>/dev/null; then
                set -- $($B sha256sum /tmp/got)
                if [ "$1" = "$sum" ]; then ok=$((ok + 1)); else bad=$((bad + 1)); fi
                now=$(hundredths)
                [ -n "$right" ] && [ $((now - right)) -gt $longest ] && longest=$((now - right))
                right=$now
            else
                failed=$((failed + 1))
                $B usleep 100000
            fi
            echo "SOAK http $(seconds) ok=$ok bad=$bad failed=$failed longest_ms=${longest}0"
            $B usleep 100000
        done </etc/www.sums
        $B timeout 2 $B wget -q -O /dev/null $server/end 2>/dev/null && echo 1 >/tmp/end
    done
}

sync_reads() {
    ok=0 bad=0
    read -r right </etc/disk.sum
    while [ ! -e /tmp/end ]; do
        set -- $($B dd if=/dev/xvdb bs=64k count=8 iflag=direct 2>/dev/null | $B sha256sum)
        if [ "$1" = "$right" ]; then ok=$((ok + 1)); else bad=$((bad + 1)); fi
        echo "SOAK sync $(seconds) ok=$ok bad=$bad"
        $B usleep 500000
    done
}

# job WORDS...: fio; what it finds wrong is a line, and an error
job() {
    fio --thread --name=job --verify_fatal=1 --verify_dump=0 --eta=never --output=/tmp/fio.out "$@" 2>/tmp/fio.err && return
    errors=$((errors + 1))
    $B cat /tmp/fio.err /tmp/fio.out | $B grep -iE 'verify|err|fail' | $B head -n 3 | while read -r line; do echo "SOAK fio $line"; done
}

# Past the cache, each block read again soon after it was written; and through it, with fsync, read when the cache is empty.
files() {
    round=0 errors=0
    while [ ! -e /tmp/end ]; do
        job --filename=/mnt/direct --size=1m --bs=4k --rw=randwrite --ioengine=libaio --iodepth=8 --direct=1 --fsync=32 \
            --verify=crc32c --verify_backlog=64 --randseed=$round
        cached="--filename=/mnt/cached --size=512k --bs=16k --rw=randwrite --ioengine=psync --verify=sha256 --randseed=$round"
        job $cached --fsync=8 --do_verify=0
        $B cp -r /etc /mnt/copy && $B sync && echo 3 >/proc/sys/vm/drop_caches
        job $cached --verify_only
        $B diff -r /etc /mnt/copy >/tmp/diff.out 2>&1 || { errors=$((errors + 1)); echo "SOAK copy $($B head -n 1 /tmp/diff.out)"; }
        $B rm -r /mnt/copy
        round=$((round + 1))
        echo "SOAK files $(seconds) rounds=$round errors=$errors"
    done
    $B umount /mnt && echo "SOAK end"
}

http &
wait_for /dev/xvdb
sync_reads &
diskload -p 20 /dev/xvdb &
wait_for /dev/xvda
$B mount -t ext4 /dev/xvda /mnt && files
while :; do $B sleep 1000; done
