/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a PVH domain reads by CPUID: the host's values through masks of what we keep apart between domains, and the
 * hypervisor's own leaves. Sources: AMD APM vol. 3, appendix E; Xen ABI, public/arch-x86/cpuid.h.
 */
#include <asm/hvm.h>

#include <asm/cpu.h>
#include <asm/time.h>
#include <xen/domain.h>

#include <public/arch-x86/cpuid.h>

#define XEN_BASE 0x40000000u

/* Leaf 1 */
#define L1_ECX_KEEP 0x42d82201u /* SSE3 SSSE3 CX16 SSE4.1 SSE4.2 MOVBE POPCNT AES RDRAND */
#define L1_ECX_SET 0x80200000u  /* hypervisor, x2APIC */
#define L1_EDX_KEEP 0x178bfbffu /* all but DS, ACPI, TM, PBE, SS, IA64 */
/* Leaf 7 */
#define L7_EBX_KEEP 0x219c03ebu /* FSGSBASE BMI1 SMEP BMI2 ERMS RDSEED ADX SMAP CLFLUSHOPT CLWB SHA; no AVX */
#define L7_ECX_KEEP 0x00000004u /* UMIP */
#define L7_EDX_KEEP 0x00000010u /* FSRM */
/* 0x80000001 */
#define E1_ECX_KEEP 0x00000171u /* LAHF CR8 ABM SSE4A PREFETCHW; no SVM, OSVW, IBS, XOP, FMA4, TOPOEXT */
#define E1_EDX_KEEP 0xefd3fbffu /* as the host; RDTSCP kept when it is there */

static void hypervisor_leaf(struct vcpu *v, uint32_t leaf, uint32_t sub, uint32_t r[4])
{
    uint64_t base;
    uint32_t mul;
    int8_t shift;

    switch (leaf - XEN_BASE) {
    case 0:
        r[0] = XEN_BASE + 5;
        r[1] = XEN_CPUID_SIGNATURE_EBX;
        r[2] = XEN_CPUID_SIGNATURE_ECX;
        r[3] = XEN_CPUID_SIGNATURE_EDX;
        break;
    case 1:
        r[0] = 4u << 16 | 17;
        break;
    case 2:
        r[0] = 1;
        r[1] = 0x40000000; /* the hypercall page's MSR */
        break;
    case 3:
        if (sub == 0) {
            r[0] = 0; /* the TSC is the host's, unscaled */
            r[1] = 0;
            r[2] = (uint32_t)tsc_khz();
        } else if (sub == 1) {
            tsc_scale(&base, &mul, &shift);
            r[0] = (uint32_t)base;
            r[1] = (uint32_t)(base >> 32);
            r[2] = mul;
            r[3] = (uint32_t)(int32_t)shift;
        } else if (sub == 2) {
            r[0] = (uint32_t)tsc_khz();
        }
        break;
    case 4:
        if (sub == 0) {
            r[0] = XEN_HVM_CPUID_VCPU_ID_PRESENT | XEN_HVM_CPUID_DOMID_PRESENT | XEN_HVM_CPUID_UPCALL_VECTOR;
            r[1] = v->id;
            r[2] = v->domain->id;
        }
        break;
    default:
        break;
    }
}

static void topology_leaf(struct vcpu *v, uint32_t sub, uint32_t r[4])
{
    memset(r, 0, 4 * sizeof(r[0]));
    r[2] = sub & 0xff;
    r[3] = vlapic_id(v);
    if (sub == 0) {
        r[0] = 1;
        r[1] = 1;
        r[2] |= 0x100; /* threads */
    } else if (sub == 1) {
        r[0] = 8;
        r[1] = v->domain->vcpu_count;
        r[2] |= 0x200; /* cores */
    }
}

static void leaf_1(struct vcpu *v, uint32_t r[4])
{
    r[1] = (r[1] & 0xff00) | vlapic_id(v) << 24 | min(v->domain->vcpu_count * 2, 255u) << 16;
    r[2] = (r[2] & L1_ECX_KEEP) | L1_ECX_SET;
    r[3] &= L1_EDX_KEEP;
    if (v->domain->vcpu_count > 1) {
        r[3] |= 1u << 28;
    } else {
        r[3] &= ~(1u << 28);
    }
}

void hvm_cpuid(struct vcpu *v, uint32_t leaf, uint32_t sub, uint32_t r[4])
{
    memset(r, 0, 4 * sizeof(r[0]));
    if (leaf >> 16 == XEN_BASE >> 16) {
        hypervisor_leaf(v, leaf, sub, r);
        return;
    }
    if (leaf == 0xb) {
        topology_leaf(v, sub, r);
        return;
    }
    cpuid_count(leaf, sub, r);
    switch (leaf) {
    case 0:
        r[0] = min(r[0], 0xdu);
        return;
    case 1:
        leaf_1(v, r);
        return;
    case 2:
    case 4: /* cache descriptors */
        return;
    case 7:
        r[1] &= sub ? 0 : L7_EBX_KEEP;
        r[2] &= sub ? 0 : L7_ECX_KEEP;
        r[3] &= sub ? 0 : L7_EDX_KEEP;
        r[0] = 0;
        return;
    case 0x80000000:
        r[0] = min(r[0], 0x80000008u);
        return;
    case 0x80000001:
        r[2] &= E1_ECX_KEEP;
        r[3] &= E1_EDX_KEEP;
        return;
    case 0x80000002 ... 0x80000006:
        return;
    case 0x80000007:
        r[0] = r[1] = r[2] = 0;
        r[3] &= 1u << 8; /* invariant TSC */
        return;
    case 0x80000008:
        r[0] = (r[0] & 0xff) | (r[0] & 0xff00);
        r[1] = r[3] = 0;
        r[2] = v->domain->vcpu_count - 1;
        return;
    default:
        memset(r, 0, 4 * sizeof(r[0]));
        return;
    }
}
