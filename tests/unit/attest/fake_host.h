/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAKE_HOST_H
#define FAKE_HOST_H

#include <attest/refset.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A host without a machine: a real swtpm, whose PCRs are extended as firmware, GRUB and the
 * hypervisor would (the hypervisor's own measure.c and TPM commands run here), and the event log
 * that goes with it. Each fake_host_boot() starts the TPM anew.
 */
enum host_variant {
    HOST_GOOD = 0,
    HOST_OTHER_POLICY = 1 << 0, /* one byte changed, in the file and in the event */
    HOST_PERMISSIVE = 1 << 1,
    HOST_EXTRA_WORD = 1 << 2,    /* on the hypervisor's command line */
    HOST_OTHER_RAMDISK = 1 << 3, /* the guest's, so also its launch digest */
    HOST_OTHER_HYPERVISOR = 1 << 4,
    HOST_RESTARTED_DOMAIN = 1 << 5, /* a second start of the guest, same digest */
    HOST_EXTRA_DOMAIN = 1 << 6,
    HOST_NO_SEED = 1 << 7,    /* an event missing */
    HOST_UNMEASURED = 1 << 8, /* no loader events */
    HOST_SETENFORCE = 1 << 9, /* permissive later on */
    HOST_FORGED = 1 << 10,    /* an extra extend in PCR 9 that is not in the log */
    HOST_OTHER_LOADER = 1 << 11,
    HOST_NO_NX = 1 << 12, /* a protection that the reference asks for is off */
    HOST_SEALED = 1 << 13,   /* audit records sealed, twice */
    HOST_ODD_SEAL = 1 << 14, /* something that only begins like a seal */
    HOST_BIOS = 1 << 15,     /* a BIOS, whose loader measures nothing */
    HOST_BIOS_MORE = 1 << 16, /* the same, and the loader loads and measures something of its own into PCR 4 */
    HOST_EFI = 1 << 17,      /* one EFI program: no loader events after it */
    HOST_ONE_LOCALITY = 1 << 18, /* an event says that the TPM has no locality of the hypervisor's */
    HOST_NO_IOMMU = 1 << 20, /* started with iommu=none */
    HOST_RELABELLED = 1 << 22, /* the log has the loader as an action */
    HOST_OTHER_FIRMWARE = 1 << 23, /* one more driver */
    HOST_DEBUG = 1 << 21, /* a debug build of the hypervisor */
    HOST_LOG_FULL = 1 << 19, /* the hypervisor says that later events are lost */
};

struct fake_host {
    char dir[64];
    char tcti[128]; /* for agent_tpm_open() */
    char log_path[96];
    char ca_root[128], ca_issuer[128], other_ca[128];
    unsigned int described; /* variant that fake_host_reference() describes */
    const char *state; /* whose TPM it has: "state" certified by ca, "other-state" by other */
    int swtpm; /* pid */
};

/** swtpm_setup with a local authority; 0 or -1 with a line on stderr. */
int fake_host_create(struct fake_host *h);
void fake_host_destroy(struct fake_host *h);

/** Start the TPM, measure a boot of this variant (a set of flags), write the log. */
int fake_host_boot(struct fake_host *h, unsigned int variant);
void fake_host_halt(struct fake_host *h);

/* What its log says of something extended later, at locality 0. */
enum late_log {
    LATE_UNLOGGED,
    LATE_AT_END,         /* an event after the hypervisor's */
    LATE_AMONG_FIRMWARE, /* an event as if firmware had made it */
};

#define LATE_LOADER (-1) /* for a PCR: all that the loader measures of a good host */

/**
 * Extend a PCR as whoever holds locality 0 can, and change the log.
 * @return 0; -EIO the TPM refuses
 */
int fake_host_extend_late(struct fake_host *h, enum late_log where, int pcr, uint32_t type, const char *text);

/** Write the reference of the variant `described` (files only) to DIR/reference.json. */
int fake_host_reference(struct fake_host *h, char *path, size_t size);

/** A trusted set of a reference's components, to be freed with refset_list_free(). @return 0 or -errno */
int fake_host_set(const struct reference *ref, struct refset_list *out);

#endif /* FAKE_HOST_H */
