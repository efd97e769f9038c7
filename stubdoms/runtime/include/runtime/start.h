/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The beginning and the end of a stub domain.
 */
#ifndef RUNTIME_START_H
#define RUNTIME_START_H

#include <runtime/xen.h>

/**
 * The program: supplied by each stub domain, called on vCPU 0 with interrupts enabled and the
 * console, memory, event channels, grants and timers ready. Returning powers the domain off.
 */
void stub_main(void);

/** Command line given to the kernel, never NULL; at most 1023 bytes, the rest is cut off. */
const char *start_cmdline(void);

/**
 * Find @name=value among the words of the command line.
 *
 * @param name   the key, without '='
 * @param value  out: the value, cut to @size - 1 bytes; a bare word @name gives ""
 * @return whether the key is there (the last one counts)
 */
bool start_cmdline_get(const char *name, char *value, size_t size);

/** Number of modules (ramdisks) handed over. */
unsigned int start_module_count(void);

/**
 * Memory of module @index; readable and writable, owned by the caller, never given out otherwise.
 *
 * @param size  out: bytes
 * @return NULL when there is no such module, or it lies outside RAM
 */
void *start_module(unsigned int index, size_t *size);

/** Physical address of the ACPI RSDP as given, 0 if none. */
uint64_t start_rsdp(void);

/** One row of the memory map. */
struct start_memory {
    uint64_t addr;   /* bytes */
    uint64_t size;   /* bytes */
    uint32_t type;   /* XEN_HVM_MEMMAP_TYPE_* */
};

/** Row @index of the memory map, NULL past the end. */
const struct start_memory *start_memory_map(unsigned int index);

/** Power off, reboot, or crash this domain: SHUTDOWN_* reason. */
void domain_shutdown(unsigned int reason) __attribute__((noreturn));

/** Print why and crash this domain. For states that the program cannot go on from. */
void rt_panic(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
