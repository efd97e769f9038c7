#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is measured, in the same order everywhere, one line a measurement, and two counted points (mark) each:
#   IO <name> <unit> <figure> <operations>
# and at the end IO done. Kernel command line: io.native for the machine without a hypervisor; io.scale=N divides all lengths; io.only=PATTERN
# leaves out the measurements of other names; io.outage waits for the disk and the network to fail instead: IO outage-<which> <ms>.
B=/bin/busybox
export PATH=/bin:/sbin LD_LIBRARY_PATH=/lib/x86_64-linux-gnu
scale=1 only=.
for word in $($B cat /proc/cmdline); do
    case $word in io.scale=*) scale=${word#*=} ;; io.only=*) only=${word#*=} ;; esac
done
disk=/dev/xvda
cd /tmp

say() { echo "IO $*"; }
wanted() { echo "$1" | $B grep -qE "$only"; }
native() { $B grep -q io.native /proc/cmdline; }
wait_for() {
    left=600
    until [ -e "$1" ]; do
        left=$((left - 1))
        [ $left -gt 0 ] || { say "failed: no $1"; return 1; }
        $B usleep 100000
    done
}

network_up() {
    $B ip link set lo up
    if native; then
        $B unshare -n -m /bin/native-peer &
        $B usleep 300000
        $B ip link add name eth0 type veth
        $B ip link set veth0 netns $!
    fi
    wait_for /sys/class/net/eth0 || return
    $B ip addr add 10.0.0.2/24 dev eth0
    $B ip link set eth0 up
    left=100
    until $B ping -c 1 -W 1 10.0.0.1 >/dev/null 2>&1; do
        left=$((left - 1))
        [ $left -gt 0 ] || { say "failed: 10.0.0.1 does not answer"; return 1; }
        $B usleep 100000
    done
}

# fio_job NAME DIRECTION BLOCK DEPTH COUNT FIRST SIZE OPTION...: COUNT operations within SIZE MiB from FIRST MiB on.
fio_job() {
    name=$1 direction=$2 block=$3 depth=$4 count=$5 first=$6 size=$7; shift 7
    fio --name=job --filename=$disk --direct=1 --ioengine=libaio --rw="$direction" --bs="$block" --iodepth="$depth" \
        --number_ios="$count" --offset="${first}m" --size="${size}m" --randrepeat=1 --norandommap --random_generator=lfsr --thread \
        --scramble_buffers=0 --buffer_pattern="\"$name;\"" --output-format=terse --terse-version=3 --disk_util=0 "$@" >out 2>err ||
        { say "failed: $name: $($B head -n 1 err)"; return 1; }
}

# The same with two counted points: fio runs /bin/mark before the first operation and after the last.
fio_one() {
    wanted "$1" || return
    fio_job "$@" --exec_prerun=/bin/mark --exec_postrun=/bin/mark || return
    # Of the direction that has any: operations, and milliseconds.
    $B awk -F ';' -v name="$1" -v block="${3%k}" '$1 == 3 {
        kib = $6 + $47; ms = $9 + $50
        printf "IO %s %s %.1f %d\n", name, "iops", kib / block * 1000 / ms, kib / block }' out
    $B usleep 100000
}

# The same reads again, a quarter of them, not counted: each is compared with what the medium was made with.
fio_verify() {
    wanted "$1" || return
    name=$1 direction=$2 block=$3 depth=$4 count=$5; shift 5
    fio_job "verify-$name" "$direction" "$block" "$depth" $((count / 4)) "$@" --verify=pattern --verify_pattern='%o"bulkh"' \
        --verify_fatal=1 && echo "VERIFIED $name"
}

read_one() { fio_one "$@"; fio_verify "$@"; }

# Places as in ../medium.c, whose `check` looks at what the writes have left when the machine has stopped.
disk_tests() {
    fio_one warm randrw 4k 32 $((4000 / scale)) 512 16
    fio_one base randread 4k 1 2 0 256
    read_one read-4k-1 randread 4k 1 $((4000 / scale)) 0 256
    read_one read-4k-32 randread 4k 32 $((16000 / scale)) 0 256
    read_one read-128k-8 read 128k 8 $((2000 / scale)) 256 256
    fio_one write-4k-1 randwrite 4k 1 $((4000 / scale)) 0 128
    fio_one write-4k-32 randwrite 4k 32 $((16000 / scale)) 128 128
    fio_one write-128k-8 write 128k 8 $((2000 / scale)) 256 256
}

# iperf_one NAME BYTES OPTION...
iperf_one() {
    name=$1 size=$2; shift 2
    wanted "$name" || return
    mark
    iperf3 -c 10.0.0.1 -n "$size" "$@" -f m -i 0 >out 2>err || { say "failed: $name: $($B cat err out | $B tail -n 1)"; return; }
    mark
    $B awk -v name="$name" -v bytes="$size" '/receiver/ { for (i = 2; i <= NF; i++) if ($i == "Mbits/sec")
        printf "IO %s Mbit/s %s %d\n", name, $(i - 1), bytes }' out
    $B usleep 200000
}

network_tests() {
    bytes=$((96 * 1048576 / scale))
    iperf_one tcp-warm 4194304
    iperf_one tcp-base 131072
    iperf_one tcp-out $bytes
    iperf_one tcp-in $bytes -R
    count=$((1000 / scale))
    say crr connections/s "$(crr 10.0.0.1 9 $count)" $count
    count=$((300 / scale))
    mark
    $B ping -q -c $count -i 0.01 10.0.0.1 >out
    mark
    say ping-rtt us "$($B awk -F '[ /]' '/^round-trip/ { print $7 * 1000 }' out)" $count
}

outages() {
    wait_for $disk && network_up || return
    outage net 10.0.0.1 &
    outage disk $disk
    wait
}

if $B grep -q io.outage /proc/cmdline; then
    outages
    say done
    exit
fi
native && disk=/dev/nvme0n1
wait_for $disk && { say up; disk_tests; }
if wanted tcp || wanted crr || wanted ping-rtt; then network_up && network_tests; fi
say done
