/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builder of PVH domains, in two steps: pvh_plan() checks everything and decides where everything goes;
 * pvh_build() writes it into an abstract memory. The hypervisor's memory is the domain's own; the host
 * tool's is a buffer, so that both compute the same image and digest.
 *
 * Guest-physical layout, following what Xen gives a PVH guest:
 *
 *   0          .. 0x9ffff       RAM
 *   0xa0000    .. 0xfffff       nothing (reserved)
 *   1 MiB      .. low end       RAM: kernel at its own address, then boot data, ramdisk at the top
 *   0xc0000000 .. 0xe00fffff    PCI, only for a domain that has devices: their registers, then configuration
 *   0xfc000000 (1 page)         ACPI tables
 *   0xfed40000 (1 page)         TPM locality 0, only for the domain that owns it
 *   0xfeff8000 .. 0xfeffffff    special pages, two populated: XenStore and console ring
 *   4 GiB      .. high end      RAM that does not fit below 0xf0000000, or below PCI
 *
 * Source: Xen ABI, public/arch-x86/hvm/start_info.h; ACPI 6.4.
 */
#ifndef LAUNCH_PVH_H
#define LAUNCH_PVH_H

#include "digest.h"
#include "elf.h"
#include "error.h"
#include "offline.h"

#include <xen/vpci.h>

#define PVH_LOW_RAM_END 0x000a0000ull
#define PVH_HIGH_RAM_START 0x00100000ull
#define PVH_BELOW_4G_END 0xf0000000ull
#define PVH_BELOW_PCI_END VPCI_BARS_START
#define PVH_ABOVE_4G 0x100000000ull
#define PVH_ACPI 0xfc000000ull
#define PVH_TPM 0xfed40000ull
#define PVH_SPECIAL 0xfeff8000ull
#define PVH_SPECIAL_SIZE 0x8000ull
#define PVH_STORE_GFN 0xfeffcull
#define PVH_CONSOLE_GFN 0xfefffull

/*
 * The ACPI sleep control register (byte, I/O port) that the tables name: a write of PVH_SLEEP_S5 is the
 * guest's power-off. The status register is the next port and reads 0.
 */
#define PVH_SLEEP_PORT 0xb004
#define PVH_SLEEP_S5 ((5u << 2) | (1u << 5)) /* SLP_TYP 5, SLP_EN */

#define PVH_REGION_MAX 8
#define PVH_RANGE_MAX (ELF_SEGMENT_MAX + 3)

/* A part of the map that the guest sees. */
struct pvh_region {
    uint64_t start, size; /* bytes */
    uint32_t type;        /* XEN_HVM_MEMMAP_TYPE_* */
};

struct pvh_plan {
    struct elf_image kernel;
    unsigned region_count;
    struct pvh_region region[PVH_REGION_MAX];      /* ascending */
    unsigned populate_count;
    struct launch_range populate[PVH_REGION_MAX];  /* frames that are the domain's memory, ascending */
    uint64_t pages;                                /* frames in these */
    gaddr_t boot_data, ramdisk;
    uint64_t boot_data_size;
    /* Frames that pvh_build() writes, ascending and apart; all others stay zero. */
    unsigned range_count;
    unsigned kernel_range_count;                   /* the first ones hold the kernel and only it */
    struct launch_range range[PVH_RANGE_MAX];
    struct launch_vcpu vcpu;
};

/* Memory of the domain to be. Populated frames are zero. Errors end the build. */
struct launch_sink {
    void *arg;
    int (*populate)(void *arg, uint64_t first, uint64_t count); /* frames */
    int (*write)(void *arg, gaddr_t at, const void *data, size_t size);
};

/**
 * Check an input and lay it out.
 *
 * @param in    borrowed until pvh_build() has returned
 * @param plan  out; undefined on failure
 * @return 0; -EINVAL, err names the domain, what does not fit or what is wrong with the kernel
 */
int pvh_plan(const struct launch_input *in, struct pvh_plan *plan,
             struct launch_error *err) must_check;

/* How far a build has come: all zero at its beginning. */
struct pvh_cursor {
    unsigned index; /* ranges to populate, then segments, then boot data, then the ramdisk */
    uint64_t done;  /* frames or bytes of that one */
};
#define PVH_PIECE (64u << 10)    /* bytes that are copied at once */
#define PVH_PIECE_FRAMES 512ull  /* frames that are populated at once: one large page */

/**
 * Populate or write the next piece, which is short enough for guests to wait for.
 * @return 0 all is done; -ERESTART there is more; else the first error of the sink, err says where
 */
int pvh_build_piece(const struct launch_input *in, const struct pvh_plan *plan, const struct launch_sink *sink,
                    struct pvh_cursor *c, struct launch_error *err) must_check;

/** Populate and write all of it. @return 0 or the first error of the sink, err says where. */
int pvh_build(const struct launch_input *in, const struct pvh_plan *plan,
              const struct launch_sink *sink, struct launch_error *err) must_check;

#endif
