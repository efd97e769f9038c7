/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTACK_H
#define ATTACK_H

#include "../pci.h"

#include <runtime/tap.h>

/* Slots of this domain's bus, as the manifest has them. */
#define EDUS 3u
#define NVME_SLOT 4u

#define DRIVER 1
#define BYSTANDER 2
/* Pages that the bystander grants to the driver; the numbers are those that grant_give() hands out first. */
enum ref { REF_SHARED = 8, REF_READABLE, REF_WRITABLE };

/* Granted to be written: it counts, and is told to stop. */
struct shared {
    volatile uint32_t iterations, wrong, stop;
};

extern uint64_t edu[EDUS]; /* registers */
extern struct shared *bystander;

/** The hypervisor answers, time passes, and the bystander goes on and finds its memory as it was. */
bool all_goes_on(void);

void dma_tests(void);
void msi_tests(void);
void bar_tests(void);
void owner_tests(void); /* does not return */
void first_life(void);  /* same */

#define DMA_CASES 11u
#define MSI_CASES 7u
#define BAR_CASES 11u
#define OWNER_CASES 6u

#endif
