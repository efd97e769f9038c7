/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The launch manifest (docs/formats.md): which domains to build, from which modules, under which
 * policy. What the parser accepts is complete and consistent in itself; the caller checks it against
 * the machine (memory, labels, contents of modules).
 */
#ifndef LAUNCH_MANIFEST_H
#define LAUNCH_MANIFEST_H

#include "error.h"

#define MANIFEST_DOMAIN_MAX 32
#define MANIFEST_MODULE_MAX 64u
#define MANIFEST_NO_MODULE 0xffffffffu
#define MANIFEST_NAME_MAX 16
#define MANIFEST_IOPORT_MAX 4
#define MANIFEST_DEVICE_MAX 4
#define MANIFEST_NO_LINE 0xffffffffu
#define MANIFEST_LINE_MAX 1023u
#define MANIFEST_DEVICE_UNRESET 0x10000u /* in a cell of bulkhead,devices */
#define MANIFEST_PATH_MAX 48
#define MANIFEST_LABEL_MAX 256     /* with NUL */
#define MANIFEST_BOOTARGS_MAX 2048 /* with NUL: what Linux takes */
#define MANIFEST_CPU_MAX 64
#define MANIFEST_MEMORY_MIN_KIB 4096u
#define MANIFEST_MEMORY_MAX_KIB (1ull << 32) /* 4 TiB */

/* Hyperlaunch function bits that are known here. */
#define MANIFEST_FUNCTION_CONSOLE (1u << 2)
#define MANIFEST_FUNCTION_XENSTORE (1u << 30)

struct manifest_domain {
    char path[MANIFEST_PATH_MAX];  /* of its node, for messages */
    char name[MANIFEST_NAME_MAX];
    const char *label;             /* in the image, NUL-terminated */
    const char *bootargs;          /* same; "" when absent */
    uint16_t domid;
    uint16_t weight;
    uint32_t functions;
    uint32_t cpus;
    uint64_t memory_kib;
    uint64_t max_memory_kib;       /* at least memory_kib */
    uint32_t start_order;
    bool tpm;                      /* gets the page of TPM locality 0 */
    uint32_t restart_on;           /* bits 1 << SHUTDOWN_*: on-reboot, on-crash, on-watchdog = "restart" */
    bool waits_suspended;          /* on-suspend = "wait" */
    unsigned ioport_count;
    struct {
        uint16_t first, last;
    } ioports[MANIFEST_IOPORT_MAX];
    bool pci;                      /* has a PCI bus: bulkhead,devices is there */
    unsigned device_count;
    uint16_t devices[MANIFEST_DEVICE_MAX]; /* PCI functions: bus, device, function */
    unsigned line_count;           /* 0, or device_count */
    uint32_t lines[MANIFEST_DEVICE_MAX];   /* the pin of the I/O APICs that is a device's INTx, or MANIFEST_NO_LINE */
    unsigned unreset;              /* bits of those that it takes though they cannot be reset */
    uint32_t kernel;               /* index of its module */
    uint32_t ramdisk;              /* or MANIFEST_NO_MODULE */
};

struct manifest {
    uint32_t policy;               /* index of its module */
    unsigned domain_count;
    struct manifest_domain domain[MANIFEST_DOMAIN_MAX]; /* in start order */
};

/**
 * Parse and check a manifest.
 *
 * @param data,size     the image; the result points into it
 * @param module_count  modules the loader gave, the manifest included (index 0); indexes must be
 *                      below, and every module must be named by some node
 * @param m             out; undefined on failure
 * @return 0; -EINVAL, err names node, property and what was expected, or the offset
 */
int manifest_parse(const uint8_t *data, size_t size, unsigned module_count, struct manifest *m,
                   struct launch_error *err) must_check;

/** The domain with this function bit, or NULL. */
const struct manifest_domain *manifest_with_function(const struct manifest *m, uint32_t function);

#endif
