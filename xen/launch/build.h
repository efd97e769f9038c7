/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building one domain in the hypervisor, in the steps that start.c calls for all domains in turn:
 * check (nothing changes), build (memory, vCPU, digest), connect (event channels, grants, console).
 */
#ifndef LAUNCH_BUILD_H
#define LAUNCH_BUILD_H

#include "manifest.h"
#include "pvh.h"
#include "restart.h"

#include <xen/domain.h>
#include <xen/pci.h>

/* A build under way, in pieces: filled, hashed and given its devices; then it can be measured. */
enum launch_stage { LAUNCH_FILL, LAUNCH_HASH, LAUNCH_DEVICES, LAUNCH_MEASURE };
struct launch_job {
    enum launch_stage stage;
    struct pvh_cursor fill;
    struct sha256 hash;
    unsigned range;            /* of plan.range, the next to hash; page: of its frames */
    uint64_t page;
    unsigned device;           /* the next to be given */
    uint64_t began_ns;
};

struct launch_domain {
    struct launch_input in;
    const char *label;         /* NULL: sid is set already (legacy mode) */
    uint16_t ioports[MANIFEST_IOPORT_MAX][2];
    unsigned ioport_count;
    uint16_t devices[MANIFEST_DEVICE_MAX];
    unsigned device_count;
    struct pci_terms device_terms[MANIFEST_DEVICE_MAX];
    struct domain_config config;

    struct pvh_plan plan;      /* after launch_check() */
    struct domain *d;          /* after launch_build(); borrowed, valid until it is started */
    struct launch_job job;
    uint64_t start_count;      /* times it was built */
    struct restart_state restart; /* restart.c's */
};

/* Ends of the service channels: who drains consoles and who is the XenStore; -1 nobody. */
struct launch_services {
    int console_domid, xenstore_domid;
};

/** Plan the domain, resolve its label, ask the policy. @return 0; -EINVAL, -EACCES, err says why */
int launch_check(struct launch_domain *ld, struct launch_error *err) must_check;

/** May it be created, and hold what it is given? @return 0; -EACCES, err says what the policy refuses */
int launch_ask(const struct launch_domain *ld, struct launch_error *err) must_check;

/** Create the domain. @return 0 or -errno; the domain may exist all the same */
int launch_build_begin(struct launch_domain *ld, struct launch_error *err) must_check;
/**
 * The next piece of populating, filling, hashing, giving devices. The domain stays BUILDING.
 * @return 0 it is built, but not measured; -ERESTART there is more; else -errno
 */
int launch_build_piece(struct launch_domain *ld, struct launch_error *err) must_check;
/**
 * Of a domain that is built: its turn at the TPM, measuring and reporting, the end of the turn. Who starts it looks between the
 * first two whether it may start, so that no start is logged that never comes.
 * @return 0; launch_turn(): -ERESTART not yet, -EBUSY the TPM is not to be had; launch_measure_domain(): -errno, err says why
 */
int launch_turn(const struct launch_domain *ld) must_check;
int launch_measure_domain(struct launch_domain *ld, struct launch_error *err) must_check;
void launch_turn_end(void);
/** All of that at once. @return 0 or -errno */
int launch_build(struct launch_domain *ld, struct launch_error *err) must_check;

/** Channels to the services, once all domains exist. @return 0 or -errno */
int launch_connect(struct launch_domain *ld, const struct launch_services *services,
                   struct launch_error *err) must_check;

/** Pages the domain takes from the host's memory at once. */
uint64_t launch_pages(const struct launch_domain *ld);

/** Fill in the domain of legacy mode from the modules after policy ones are set aside. Panics on error. */
struct boot_info;
void launch_legacy(const struct boot_info *bi, struct launch_domain *ld);
/** Index of the policy module of legacy mode, 0: none. Panics when there are two. */
unsigned launch_legacy_policy(const struct boot_info *bi);

#endif
