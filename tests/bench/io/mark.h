/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A point that QEMU's counting plugin sees (../plugin/count.c, option `hits`): an instruction that does nothing, is compiled by
 * nobody, and leaves no domain. `nopl 0x62696f00(%rax,%rax,1)`
 */
#ifndef BENCH_IO_MARK_H
#define BENCH_IO_MARK_H

static inline void mark(void)
{
    __asm__ volatile(".byte 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x6f, 0x69, 0x62" ::: "memory");
}

#endif
