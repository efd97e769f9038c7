/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual machine control block. Source: AMD APM vol. 2, appendix B. */
#ifndef ASM_SVM_H
#define ASM_SVM_H

#include <xen/types.h>
#include <xen/lib.h>

struct vmcb_seg {
    uint16_t sel, attr;
    uint32_t limit;
    uint64_t base;
};

struct vmcb {
    /* control area */
    uint16_t cr_read, cr_write, dr_read, dr_write;
    uint32_t exceptions, misc1, misc2, misc3;
    uint8_t reserved0[0x3c - 0x18];
    uint16_t pause_threshold, pause_count;
    uint64_t iopm, msrpm, tsc_offset;
    uint32_t asid;
    uint8_t tlb_control, reserved1[3];
    uint32_t int_ctl, int_vector;
    uint64_t int_shadow;
    uint64_t exit_code, exit_info1, exit_info2, exit_int_info;
    uint64_t np_enable;
    uint8_t reserved2[0xa8 - 0x98];
    uint64_t event_inject;
    uint64_t n_cr3;
    uint64_t lbr_enable;
    uint64_t clean;
    uint64_t next_rip;
    uint8_t fetched, insn[15];
    uint8_t reserved3[0x400 - 0xe0];
    /* state save area */
    struct vmcb_seg es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
    uint8_t reserved4[0x4cb - 0x4a0];
    uint8_t cpl;
    uint32_t reserved5;
    uint64_t efer;
    uint8_t reserved6[0x548 - 0x4d8];
    uint64_t cr4, cr3, cr0, dr7, dr6, rflags, rip;
    uint8_t reserved7[0x5d8 - 0x580];
    uint64_t rsp;
    uint8_t reserved8[0x5f8 - 0x5e0];
    uint64_t rax, star, lstar, cstar, sfmask, kernel_gs_base, sysenter_cs, sysenter_esp, sysenter_eip;
    uint64_t cr2;
    uint8_t reserved9[0x668 - 0x648];
    uint64_t g_pat;
    uint8_t reserved10[0x1000 - 0x670];
};
BUILD_ASSERT(offsetof(struct vmcb, iopm) == 0x40);
BUILD_ASSERT(offsetof(struct vmcb, asid) == 0x58);
BUILD_ASSERT(offsetof(struct vmcb, exit_code) == 0x70);
BUILD_ASSERT(offsetof(struct vmcb, event_inject) == 0xa8);
BUILD_ASSERT(offsetof(struct vmcb, n_cr3) == 0xb0);
BUILD_ASSERT(offsetof(struct vmcb, es) == 0x400);
BUILD_ASSERT(offsetof(struct vmcb, cpl) == 0x4cb);
BUILD_ASSERT(offsetof(struct vmcb, efer) == 0x4d0);
BUILD_ASSERT(offsetof(struct vmcb, cr4) == 0x548);
BUILD_ASSERT(offsetof(struct vmcb, rip) == 0x578);
BUILD_ASSERT(offsetof(struct vmcb, rsp) == 0x5d8);
BUILD_ASSERT(offsetof(struct vmcb, rax) == 0x5f8);
BUILD_ASSERT(offsetof(struct vmcb, cr2) == 0x640);
BUILD_ASSERT(offsetof(struct vmcb, g_pat) == 0x668);
BUILD_ASSERT(sizeof(struct vmcb) == 0x1000);

/* misc1 */
#define SVM_INTR (1u << 0)
#define SVM_NMI (1u << 1)
#define SVM_SMI (1u << 2)
#define SVM_INIT (1u << 3)
#define SVM_VINTR (1u << 4)
#define SVM_RDPMC (1u << 15)
#define SVM_CPUID (1u << 18)
#define SVM_INVD (1u << 22)
#define SVM_PAUSE (1u << 23)
#define SVM_HLT (1u << 24)
#define SVM_INVLPGA (1u << 26)
#define SVM_IOIO (1u << 27)
#define SVM_MSR (1u << 28)
#define SVM_TASK (1u << 29)
#define SVM_SHUTDOWN (1u << 31)
/* misc2 */
#define SVM_VMRUN (1u << 0)
#define SVM_VMMCALL (1u << 1)
#define SVM_VMLOAD (1u << 2)
#define SVM_VMSAVE (1u << 3)
#define SVM_STGI (1u << 4)
#define SVM_CLGI (1u << 5)
#define SVM_SKINIT (1u << 6)
#define SVM_WBINVD (1u << 9)
#define SVM_MONITOR (1u << 10)
#define SVM_MWAIT (1u << 11)
#define SVM_MWAIT_ARMED (1u << 12)
#define SVM_XSETBV (1u << 13)
#define SVM_RDPRU (1u << 14)

#define SVM_INT_CTL_V_IRQ (1u << 8)
#define SVM_INT_CTL_V_PRIO (15u << 16)
#define SVM_INT_CTL_V_IGN_TPR (1u << 20)
#define SVM_INT_CTL_V_MASKING (1u << 24)

#define SVM_EVENT_VALID (1ull << 31)
#define SVM_EVENT_INTR (0ull << 8)
#define SVM_EVENT_NMI (2ull << 8)
#define SVM_EVENT_EXCEPTION (3ull << 8)
#define SVM_EVENT_ERROR (1ull << 11)

#define EFER_SCE (1ull << 0)
#define EFER_LME (1ull << 8)
#define EFER_LMA (1ull << 10)
#define EFER_NXE (1ull << 11)
#define EFER_SVME (1ull << 12)

#define MSR_EFER 0xc0000080u
#define MSR_VM_CR 0xc0010114u
#define MSR_VM_HSAVE_PA 0xc0010117u
#define MSR_TSC_AUX 0xc0000103u
#define MSR_PRED_CMD 0x49u
#define PRED_CMD_IBPB 1u

/** Check for SVM and nested paging (panics with one line), switch it on for this CPU. */
void svm_init_features(void);
void svm_init_cpu(void);

#endif
