/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host as its description says it: domains, what they run, and what connects them. Everything
 * else of a host image (policy, manifest, XenStore seed, disk, reference values) is derived from
 * this structure and from the files it names. What is here has been checked: every number is in
 * range, every name resolves, nothing contradicts.
 */
#ifndef BH_BUILD_HOST_H
#define BH_BUILD_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf.h"
#include "diag.h"

#define HOST_DOMAINS_MAX 32   /* what a launch manifest holds */
#define HOST_DEVICES_MAX 16   /* disks, and as many network interfaces, of one domain */
#define HOST_IOPORTS_MAX 4
#define HOST_PCI_MAX 4        /* PCI functions of one domain */
#define HOST_PCI_LATER_MAX 16 /* those among which operators choose */
#define HOST_POLICY_MAX 8     /* CIL files of its own */
#define HOST_OPERATORS_MAX 16  /* roles */
#define HOST_SUBJECTS_MAX 8    /* certificates of one role */
#define OPERATOR_VERBS_MAX 11
#define CMDLINE_MAX 1023        /* characters of a command line */
#define HOST_RESERVE_KIB (96 * 1024) /* left to the hypervisor: its heap, tables, boot modules */

enum kernel_source {
    KERNEL_DEBIAN,  /* Debian's current linux-image-amd64 */
    KERNEL_STUBDOM, /* a stub domain of this build, by name */
    KERNEL_FILE,    /* an ELF or bzImage file */
};

enum ramdisk_source {
    RAMDISK_NONE,
    RAMDISK_RECIPE, /* an image recipe, docs/image-recipes.md */
    RAMDISK_FILE,   /* a file as it is */
};

enum tpm_kind {
    TPM_TIS,
    TPM_CRB,
    TPM_NONE,
};

enum boot_kind {
    BOOT_GRUB, /* GRUB loads the parts, for UEFI and for a BIOS */
    BOOT_EFI,  /* one EFI program with everything in it */
};

#define HOST_PCI_NO_LINE 0xffffffffu
#define HOST_PCI_UNRESET 0x10000u /* in a cell: taken though it cannot be reset */

struct host_disk {
    char *name;             /* xvda, xvdb2 */
    unsigned int line;
    unsigned int device;    /* Xen's virtual device number */
    unsigned int backend;   /* index of the domain that serves it */
    char *backend_name;
    unsigned int backend_line;
    char *target;           /* what the backend serves it from, in the backend domain */
    unsigned int target_line;
    bool readonly;
    bool boot;
    bool qcow2;             /* format = qcow2; else raw */
    unsigned int format_line;
    bool keeps_ring;        /* reconnect = ring */
};

enum net_mode {
    NET_BRIDGE,
    NET_ROUTE,
    NET_NAT,
};

struct host_net {
    char *name;             /* eth0 */
    unsigned int line;
    unsigned int handle;    /* number in the name */
    unsigned int backend;   /* index of the domain that serves it */
    char *backend_name;
    unsigned int backend_line;
    uint8_t mac[6];
    unsigned int mac_line;  /* 0: derived from domid and handle */
    char *ip;               /* address the backend expects on this interface; NULL: any */
    unsigned int ip_line;
    enum net_mode mode;
    unsigned int mode_line;
    unsigned int vlan;      /* 0: not given */
    unsigned int vlan_line;
    uint64_t rate;          /* bytes a second that the guest may send; 0: no limit */
};

struct host_ioports {
    uint16_t first;
    uint16_t count;
};

struct host_domain {
    char *name;
    unsigned int line;
    unsigned int id;
    unsigned int id_line;
    char *kind;             /* policy kind: file name in policy/kinds without .cil */
    unsigned int kind_line;
    bool xenstore;          /* has the xenstore function */
    unsigned int xenstore_line;
    enum kernel_source kernel_source;
    char *kernel;           /* stub domain name, or path relative to the description; or NULL */
    unsigned int kernel_line;
    enum ramdisk_source ramdisk_source;
    char *ramdisk;          /* path relative to the description; or NULL */
    unsigned int ramdisk_line;
    char *cmdline;          /* never NULL */
    uint64_t memory_kib;
    unsigned int memory_line;
    uint64_t max_memory_kib; /* at least memory_kib */
    unsigned int cpus;
    unsigned int cpus_line;
    unsigned int weight;    /* 0: not given */
    unsigned int start_order;
    bool start_order_given;
    bool tpm;
    unsigned int tpm_line;
    bool on_reboot, on_crash, on_watchdog; /* the domain is restarted then */
    bool waits_suspended;   /* it is suspended to be reconnected when a server of its comes back: derived */
    struct host_ioports ioports[HOST_IOPORTS_MAX];
    size_t ioports_count;
    unsigned int ioports_line;
    uint32_t pci[HOST_PCI_MAX];    /* cells of the manifest: function, and whether it may go without reset */
    uint32_t pci_line_of[HOST_PCI_MAX]; /* pin of the I/O APICs that is its INTx; HOST_PCI_NO_LINE */
    size_t pci_count;
    bool pci_lines;                /* some have one */
    bool pci_bus;                  /* has one, be it empty */
    unsigned int pci_line;
    uint16_t pci_later[HOST_PCI_LATER_MAX]; /* functions that it may get while it runs */
    size_t pci_later_count;
    unsigned int pci_later_line;
    struct host_disk disks[HOST_DEVICES_MAX];
    size_t disk_count;
    struct host_net nets[HOST_DEVICES_MAX];
    size_t net_count;
    bool serves_disks;      /* some domain's disk has this one as its backend */
    bool serves_nets;
};

/* A role of operators: who has it, what they may, with which domains. */
struct host_operator {
    char *name;
    unsigned int line;
    char *subjects[HOST_SUBJECTS_MAX]; /* common names of client certificates */
    size_t subject_count;
    unsigned int subjects_line;
    char *may[OPERATOR_VERBS_MAX];     /* permissions of class operator */
    size_t may_count;
    char *domains[HOST_DOMAINS_MAX];
    size_t domain_count;               /* 0: all */
    unsigned int domains_line;
};

struct host {
    char *file;             /* the description, as named by the person */
    char *name;
    uint64_t memory_kib;
    unsigned int memory_line;
    unsigned int cpus;
    char *hypervisor_cmdline;
    unsigned int cmdline_line;
    enum tpm_kind tpm;
    enum boot_kind boot;
    char *policy_files[HOST_POLICY_MAX]; /* CIL after the kinds, relative to the description */
    size_t policy_file_count;
    unsigned int policy_line;
    char *boot_key;         /* for Secure Boot, relative to the description; or NULL: not signed */
    char *boot_certificate; /* with boot_key */
    unsigned int boot_key_line, boot_certificate_line;
    struct host_domain domains[HOST_DOMAINS_MAX]; /* in ascending order of domid */
    size_t domain_count;
    char *verifiers_ca;     /* certificate of the authority of who may ask the attest domain, relative to the description; or NULL */
    char *attest_address;   /* of the attest domain's eth0: A.B.C.D/BITS, and a gateway; or NULL */
    char *push;             /* collector that the attest domain calls: "A.B.C.D:PORT NAME"; or NULL */
    unsigned int push_interval;    /* seconds between two calls */
    unsigned int attest_line, verifiers_ca_line, push_line, push_interval_line;
    char *control_ca;       /* certificate of the operators' authority, relative to the description; or NULL */
    char *control_serial;   /* role of whoever holds the control domain's serial line; or NULL */
    char *control_address;  /* of the control domain's eth0: A.B.C.D/BITS, and a gateway; or NULL */
    unsigned int control_line, control_ca_line, control_serial_line;
    struct host_operator operators[HOST_OPERATORS_MAX];
    size_t operator_count;
};

/**
 * Read and check a description.
 *
 * @param host   out: filled as far as the text allows; complete only if nothing was reported
 * @param file   its name for messages
 * @param text   its bytes
 * @param len    how many
 * @param kinds  policy kinds there are
 * @param kind_count  how many; 0: any is taken (no policy at hand)
 * @param diag   mistakes
 * @return true if there was no mistake
 */
bool host_parse(struct host *host, const char *file, const uint8_t *text, size_t len,
                const char *const *kinds, size_t kind_count, struct diag *diag);

/** A net_mode as host.conf and XenStore call it. */
const char *host_net_mode(enum net_mode mode);

/** Look a domain up by name. @return its index, or -1 */
int host_domain_index(const struct host *host, const char *name);

/** The domain with the xenstore function, or NULL. */
const struct host_domain *host_xenstore(const struct host *host);

void host_free(struct host *host);

/* One key of host.conf; the tables are what docs/host.conf.md must list. */
struct host_key_name {
    const char *section;
    const char *key;
};

/** All keys there are, for the test that the manual names each. @return how many */
size_t host_key_names(const struct host_key_name **names);

#endif
