# SPDX-License-Identifier: Apache-2.0
runtime-obj := \
    stubdoms/runtime/apic.o \
    stubdoms/runtime/console.o \
    stubdoms/runtime/entry.o \
    stubdoms/runtime/evtchn.o \
    stubdoms/runtime/grant.o \
    stubdoms/runtime/heap.o \
    stubdoms/runtime/mm.o \
    stubdoms/runtime/pages.o \
    stubdoms/runtime/printf.o \
    stubdoms/runtime/smp.o \
    stubdoms/runtime/start.o \
    stubdoms/runtime/stdlib.o \
    stubdoms/runtime/string.o \
    stubdoms/runtime/tap.o \
    stubdoms/runtime/time.o \
    stubdoms/runtime/trap.o \
    stubdoms/runtime/xenbus.o
# These define what the compiler would otherwise turn their own loops into calls of.
cflags-stubdoms/runtime/string := -fno-tree-loop-distribute-patterns -fno-builtin
