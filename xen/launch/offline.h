/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a domain is built from, and its launch digest computed without a hypervisor. `bh build` calls
 * this to know what a host must measure; the code below it is what the hypervisor runs.
 */
#ifndef LAUNCH_OFFLINE_H
#define LAUNCH_OFFLINE_H

#include "error.h"

struct launch_input {
    const char *name;         /* of the domain, for messages */
    uint64_t memory_kib;      /* multiple of 4, at least 4096 */
    unsigned vcpu_count;      /* 1..64 */
    bool tpm;                 /* bulkhead,tpm-locality given */
    bool pci;                 /* bulkhead,devices given */
    const char *cmdline;      /* bootargs of the kernel module, "" when absent */
    const uint8_t *kernel;    /* uncompressed ELF */
    size_t kernel_size;
    const uint8_t *ramdisk;   /* NULL: none */
    size_t ramdisk_size;
};

#ifdef BULKHEAD_HOST
/**
 * The launch digest of a domain.
 *
 * @param digest  out: 32 bytes, as in the "domain" event
 * @return 0; -EINVAL, err says what is wrong with the input; -ENOMEM
 */
int launch_digest_offline(const struct launch_input *in, uint8_t digest[32],
                          struct launch_error *err) must_check;
#endif

#endif
