# SPDX-License-Identifier: Apache-2.0
# Sourced by run: one QEMU at a time, with counted instructions, until its console shows a pattern.
# Needs: out (folder). Sets: log (the console), ended (why it stopped). Reads: ask (a command for QEMU's
# monitor, sent when the pattern has come; the answer is in TAG.qemu), under (a command that runs QEMU, words).

ask=
under=
qemu_pid=
stop_machine() {
    [ -n "$qemu_pid" ] || return 0
    kill "$qemu_pid" 2>/dev/null
    wait "$qemu_pid" 2>/dev/null
    qemu_pid=
}
trap stop_machine EXIT
trap 'exit 130' INT TERM

# machine TAG SECONDS PATTERN QEMU-ARGUMENT...    PATTERN is looked for in the console and in TAG.count
machine() {
    local tag=$1 limit=$2 pattern=$3 end; shift 3
    log=$out/$tag.log
    rm -f "$log" "$out/$tag.count"
    set -- qemu-system-x86_64 -accel tcg -M q35 -smp 1 -nodefaults -display none -no-reboot \
        -icount shift=0,sleep=off -rtc base=2026-01-01T00:00:00,clock=vm -seed 1 -serial "file:$log" "$@"
    if [ -n "$ask" ]; then set -- "$@" -monitor stdio; else set -- "$@" -monitor none; fi
    printf '%q ' "$@" >"$out/$tag.command"
    rm -f "$out/monitor"
    mkfifo "$out/monitor"
    # shellcheck disable=SC2086
    timeout --foreground "$limit" $under "$@" <"$out/monitor" >"$out/$tag.qemu" 2>&1 &
    qemu_pid=$!
    exec 3>"$out/monitor"
    end=$((SECONDS + limit))
    ended="no '$pattern' within $limit s"
    while :; do
        if grep -aqE "$pattern" "$log" "$out/$tag.count" 2>/dev/null; then ended=; break; fi
        kill -0 "$qemu_pid" 2>/dev/null || { ended="QEMU ended"; break; }
        [ $SECONDS -lt $end ] || break
        sleep 0.1
    done
    # A line may have come with the end of QEMU.
    [ -z "$ended" ] || ! grep -aqE "$pattern" "$log" "$out/$tag.count" 2>/dev/null || ended=
    if [ -n "$ask" ] && [ -z "$ended" ]; then
        echo "$ask" >&3
        sleep 1
    fi
    exec 3>&-
    stop_machine
    [ -z "$ended" ] || note "$tag: $ended; see $log"
    [ -z "$ended" ]
}

# count TAG NAME: instructions when mark NAME was reached, or in total
count() {
    awk -v name="$2" '$1 == "mark" && $2 == name {print $3} $1 == "total" && name == "total" {print $2}' \
        "$out/$1.count" 2>/dev/null
}

# figure TAG NAME: best figure of a benchmark
figure() {
    tr -d '\r' <"$out/$1.log" 2>/dev/null | sed 's/^(d[0-9]*) //' |
        awk -v name="$2" '$1 == "bench" && $2 == name {print $3}'
}

# info TAG NAME: what the benchmark kernel says about the host
info() {
    tr -d '\r' <"$out/$1.log" 2>/dev/null | sed 's/^(d[0-9]*) //' |
        awk -v name="$2" '$1 == "info" && $2 == name {print $3}'
}
