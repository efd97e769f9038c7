/* SPDX-License-Identifier: Apache-2.0 */
/* SVM of a CPU: requirements, host save area, permission maps. Source: AMD APM vol. 2, chapter 15. */
#include <asm/svm.h>

#include <asm/cpu.h>
#include <xen/lib.h>
#include <xen/mm.h>

#include "svm_internal.h"

uint8_t *svm_msrpm, *svm_iopm;
unsigned svm_asid_count;

/* MSRs the guest reads and writes without an exit: vmload and vmsave keep them apart. */
static const uint32_t direct_msrs[] = {
    0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084, /* STAR, LSTAR, CSTAR, SFMASK */
    0xc0000100, 0xc0000101, 0xc0000102,             /* FS, GS, kernel GS base */
    0x174, 0x175, 0x176,                            /* SYSENTER */
};

static void allow_msr(uint32_t msr)
{
    /* APM vol. 2, 15.11: two bits an MSR, three ranges of 2 KiB. */
    uint32_t offset = msr < 0x2000 ? 0 : 0x800;
    uint32_t index = (msr & 0x1fff) * 2;

    svm_msrpm[offset + index / 8] &= (uint8_t)~(3u << (index % 8));
}

void svm_init_features(void)
{
    uint32_t r[4];

    cpuid_count(0x80000001, 0, r);
    if (!(r[2] & 4)) {
        panic("this CPU has no SVM (AMD virtualisation); Bulkhead needs it");
    }
    if (rdmsr(MSR_VM_CR) & 0x10) {
        panic("SVM is switched off by firmware: enable it in the firmware's setup");
    }
    cpuid_count(0x8000000a, 0, r);
    if (!(r[3] & 1)) {
        panic("this CPU has no nested paging; Bulkhead needs it");
    }
    svm_asid_count = r[1];
    if (svm_asid_count < 2) {
        panic("this CPU offers no address space identifiers");
    }
    svm_msrpm = pages_alloc(1);
    svm_iopm = pages_alloc(2);
    if (!svm_msrpm || !svm_iopm) {
        panic("boot: no memory for the SVM permission maps");
    }
    memset(svm_msrpm, 0xff, 2 * PAGE_SIZE);
    memset(svm_iopm, 0xff, 3 * PAGE_SIZE);
    for (unsigned i = 0; i < ARRAY_SIZE(direct_msrs); i++) {
        allow_msr(direct_msrs[i]);
    }
}

void svm_init_cpu(void)
{
    struct cpu *c = this_cpu();
    void *save = pages_alloc(0), *host = pages_alloc(0);

    if (!save || !host) {
        panic("no memory for the SVM host area of CPU %u", c->id);
    }
    wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME);
    wrmsr(MSR_VM_HSAVE_PA, virt_to_maddr(save));
    c->vmcb_host = virt_to_maddr(host);
    c->asid_generation = 1;
    c->asid_next = 1;
    __asm__ volatile("vmsave" ::"a"(c->vmcb_host) : "memory");
}
