/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instructions that leave the guest: CPUID, MSRs, I/O ports, the local APIC in both modes and its timer, HLT, those of the
 * virtualisation extension, XSETBV, and hypercalls from user mode.
 *
 * Source: AMD APM vol. 2, chapters 15 and 16; Xen ABI, public/arch-x86/cpuid.h. A correct hypervisor answers each as a CPU
 * without the extension would, or injects #UD or #GP; a broken one lets the guest change the host's state, crashes on a
 * register number, or takes a hypercall from user mode.
 */
#include "../guest.h"

#include <runtime/mm.h>
#include <runtime/start.h>
#include <runtime/tap.h>
#include <runtime/trap.h>

#include <public/arch-x86/cpuid.h>

static void cpuid(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
    __asm__ volatile("cpuid" : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3]) : "0"(leaf), "2"(sub));
}

static void test_cpuid(void)
{
    uint32_t r[4], n = 0;

    cpuid(0x40000000, 0, r);
    tap_ok(r[1] == XEN_CPUID_SIGNATURE_EBX && r[2] == XEN_CPUID_SIGNATURE_ECX && r[3] == XEN_CPUID_SIGNATURE_EDX,
           "the signature, leaves to %#x", r[0]);
    cpuid(0x40000001, 0, r);
    tap_is(r[0], 4 << 16 | 17, "version");
    cpuid(0x40000004, 0, r);
    tap_ok((r[0] & XEN_HVM_CPUID_VCPU_ID_PRESENT) != 0 && r[1] == 0, "vCPU 0");
    cpuid(1, 0, r);
    tap_ok((r[2] >> 31) != 0 && (r[2] >> 21 & 1) != 0, "a hypervisor, and x2APIC");
    tap_ok((r[2] & (1u << 26)) == 0 && (r[2] & (1u << 3)) == 0, "no XSAVE, no MONITOR");
    cpuid(0x80000001, 0, r);
    tap_ok((r[2] & (1u << 2)) == 0, "no SVM");
    cpuid(0x8000000a, 0, r);
    tap_ok((r[0] | r[1] | r[2] | r[3]) == 0, "nor its leaf");
    for (uint32_t leaf = 0; leaf < 0x40; leaf++) {
        for (uint32_t sub = 0; sub < 4; sub++) {
            cpuid(leaf, sub, r);
            cpuid(leaf + 0x40000000, sub, r);
            cpuid(leaf + 0x80000000, sub, r);
            n++;
        }
    }
    cpuid(~0u, ~0u, r);
    cpuid(0x4000ffff, ~0u, r);
    tap_is(n, 256, "any leaf may be asked for");
}

static void test_msrs(void)
{
    static const uint32_t secret[] = {
        0xc0010114 /* VM_CR */, 0xc0010117 /* VM_HSAVE_PA */, 0xc0010118, 0x3a, 0x480, 0xc0010111 /* SMBASE */,
        0xc0010112, 0xc0010058, 0x12345678, 0x80000000, 0xffffffff, 0xda0, 0x6e0, 0x48, 0x49, 0x10a,
    };
    unsigned int wrong = 0;
    uint64_t value, efer = 0;

    for (unsigned int i = 0; i < ARRAY_SIZE(secret); i++) {
        if (trap_rdmsr(secret[i], &value) != TRAP_GP || trap_wrmsr(secret[i], 0) != TRAP_GP) {
            tap_note("MSR %#x", secret[i]);
            wrong++;
        }
    }
    tap_is(wrong, 0, "MSRs that are not the guest's are #GP");
    tap_is(trap_rdmsr(0xc0000080, &efer), TRAP_NONE, "EFER");
    tap_ok((efer & 0x1000) == 0, "SVME is not shown");
    tap_is(trap_wrmsr(0xc0000080, efer | 0x1000), TRAP_GP, "nor to be set");
    tap_is(trap_wrmsr(0xc0000080, efer & ~0x100ul), TRAP_GP, "long mode cannot be left while paging");
    tap_is(trap_wrmsr(0xc0000080, ~0ul), TRAP_GP, "nor all bits be set");
    tap_is(trap_wrmsr(0xc0000080, efer), TRAP_NONE, "what it is may be written");
    tap_is(trap_wrmsr(0x277, 0x0207040600070406ul), TRAP_GP, "a reserved type in PAT");
    tap_is(trap_wrmsr(0x277, 0x0007040600070406ul), TRAP_NONE, "a good PAT");
    tap_is(trap_wrmsr(0x1b, 0), TRAP_GP, "the APIC's page stays where it is");
    tap_is(trap_wrmsr(0x40000000, 0x123), TRAP_GP, "a hypercall page with a bad index");
    tap_is(trap_wrmsr(0x40000000, ~0xffful), TRAP_GP, "or beyond memory");
}

static void do_vmrun(void *arg)
{
    __asm__ volatile("vmrun" : : "a"(arg));
}

static void do_vmload(void *arg)
{
    __asm__ volatile("vmload" : : "a"(arg));
}

static void do_vmsave(void *arg)
{
    __asm__ volatile("vmsave" : : "a"(arg));
}

static void do_stgi(void *arg)
{
    (void)arg;
    __asm__ volatile("stgi");
}

static void do_clgi(void *arg)
{
    (void)arg;
    __asm__ volatile("clgi");
}

static void do_skinit(void *arg)
{
    __asm__ volatile("skinit" : : "a"(arg));
}

static void do_invlpga(void *arg)
{
    __asm__ volatile("invlpga" : : "a"(arg), "c"(0));
}

static void do_xsetbv(void *arg)
{
    __asm__ volatile("xsetbv" : : "a"(arg), "c"(0), "d"(0));
}

static void do_monitor(void *arg)
{
    __asm__ volatile("monitor" : : "a"(arg), "c"(0), "d"(0));
}

static void do_mwait(void *arg)
{
    __asm__ volatile("mwait" : : "a"(arg), "c"(0));
}

static void do_rdpmc(void *arg)
{
    __asm__ volatile("rdpmc" : : "c"(arg) : "eax", "edx");
}

static void do_vmcall_intel(void *arg)
{
    __asm__ volatile("vmcall" : "+a"(arg) : : "memory");
}

static void do_string_io(void *arg)
{
    __asm__ volatile("rep insb" : "+D"(arg) : "c"(4), "d"(0x60) : "memory");
}

static void test_instructions(void)
{
    static const struct {
        void (*fn)(void *arg);
        int vector;
        const char *name;
    } all[] = {
        { do_vmrun, TRAP_UD, "VMRUN" }, { do_vmload, TRAP_UD, "VMLOAD" }, { do_vmsave, TRAP_UD, "VMSAVE" },
        { do_stgi, TRAP_UD, "STGI" }, { do_clgi, TRAP_UD, "CLGI" }, { do_skinit, TRAP_UD, "SKINIT" },
        { do_invlpga, TRAP_UD, "INVLPGA" }, { do_xsetbv, TRAP_UD, "XSETBV" }, { do_monitor, TRAP_UD, "MONITOR" },
        { do_mwait, TRAP_UD, "MWAIT" }, { do_rdpmc, TRAP_GP, "RDPMC" }, { do_vmcall_intel, TRAP_UD, "VMCALL of Intel" },
        { do_string_io, TRAP_GP, "string I/O" },
    };
    void *page = page_alloc(1);

    for (unsigned int i = 0; i < ARRAY_SIZE(all); i++) {
        tap_is(trap_try(all[i].fn, page, NULL), all[i].vector, "%s", all[i].name);
    }
    __asm__ volatile("wbinvd; invd" : : : "memory");
    tap_ok(true, "WBINVD and INVD do no harm");
}

static void test_ports(void)
{
    uint32_t value, wrong = 0;

    for (uint32_t port = 0; port < 0x10000; port += 7) {
        __asm__ volatile("inb %w1, %b0" : "=a"(value) : "d"(port));
        if (port != 0x64 && (port < 0x500 || port > 0x700)) {
            __asm__ volatile("outw %w0, %w1" : : "a"(0), "d"(port));
        }
    }
    __asm__ volatile("inl %w1, %0" : "=a"(value) : "d"(0xcfc));
    wrong += value != ~0u;
    __asm__ volatile("inl %w1, %0" : "=a"(value) : "d"(0xffff));
    wrong += value != ~0u;
    tap_is(wrong, 0, "ports that are not there read as ones");
}

static volatile unsigned int fired;

static void count(unsigned int vector, void *arg)
{
    (void)vector;
    (void)arg;
    fired++;
}

static void reg(unsigned int offset, uint32_t value)
{
    __asm__ volatile("wrmsr" : : "c"(0x800 + offset / 16), "a"(value), "d"(0));
}

static void test_apic(void)
{
    uint64_t base, value = 0, start = time_now_ns();
    unsigned int wrong = 0;

    (void)trap_handle_vector(0x51, count, NULL);
    tap_is(trap_rdmsr(0x1b, &base), TRAP_NONE, "APIC base %#lx", (unsigned long)base);
    reg(0x3e0, 0xb);
    reg(0x320, 0x51);
    fired = 0;
    reg(0x380, 5000000);
    while (fired == 0 && time_now_ns() < start + 2 * NS_PER_S) {
        __asm__ volatile("hlt");
    }
    tap_is(fired, 1, "its timer wakes from HLT");
    tap_ok(time_now_ns() - start >= 4 * NS_PER_MS, "not before its time");
    time_delay_ns(20 * NS_PER_MS);
    tap_is(fired, 1, "once");
    fired = 0;
    reg(0x320, 0x20051);
    reg(0x380, 2000000);
    start = time_now_ns();
    while (fired < 5 && time_now_ns() < start + 2 * NS_PER_S) {
        __asm__ volatile("hlt");
    }
    tap_ok(fired >= 5, "periodic");
    reg(0x320, 0x30051);
    fired = 0;
    time_delay_ns(5 * NS_PER_MS);
    tap_is(fired, 0, "masked");
    start = time_now_ns();
    reg(0x320, 0x20051);
    while (fired < 5 && time_now_ns() < start + 2 * NS_PER_S) {
        __asm__ volatile("hlt");
    }
    tap_ok(fired >= 5, "and goes on when it is unmasked");
    reg(0x320, 0x10051);
    reg(0x380, 0);
    fired = 0;
    reg(0x3f0, 0x51);
    time_delay_ns(NS_PER_MS);
    tap_is(fired, 1, "an IPI to itself");
    for (uint32_t msr = 0x800; msr < 0x900; msr++) {
        (void)trap_rdmsr(msr, &value);
    }
    wrong += trap_rdmsr(0x80b, &value) != TRAP_GP;
    wrong += trap_wrmsr(0x802, 0) != TRAP_GP;
    wrong += trap_wrmsr(0x803, 0) != TRAP_GP;
    wrong += trap_wrmsr(0x8ff, 0) != TRAP_GP;
    wrong += trap_wrmsr(0x832, 1ul << 40) != TRAP_GP;
    tap_is(wrong, 0, "registers that are not, or not to be written, are #GP");
    /* Vectors that are exceptions, modes that do not exist, targets that are not there. */
    for (uint64_t low = 0; low < 0x1000; low += 0x11) {
        if ((low >> 8 & 7) != 4 && (low & 0xff) < 16) {
            (void)trap_wrmsr(0x830, 0xffff0000ul << 32 | low);
            (void)trap_wrmsr(0x830, low | 0x40000);
        }
    }
    tap_ok(true, "odd IPIs are dropped");
    tap_is(trap_wrmsr(0x1b, base & ~0x400ul), TRAP_GP, "x2APIC is not left for xAPIC");
    tap_is(trap_wrmsr(0x1b, base & ~0xc00ul), TRAP_NONE, "but switched off");
    tap_is(trap_wrmsr(0x1b, (base & ~0xc00ul) | 0x800), TRAP_NONE, "and on again, by memory");
    (void)mm_map(0xfee00, 1, MM_WRITE | MM_UNCACHED);
    tap_is(*(volatile uint32_t *)0xfee00030ul & 0xff, 0x14, "its version there");
    *(volatile uint32_t *)0xfee000f0ul = 0x1ff;
    tap_is(*(volatile uint32_t *)0xfee000f0ul, 0x1ff, "and what is written");
    irq_disable(); /* the runtime ends interrupts by MSR */
    fired = 0;
    *(volatile uint32_t *)0xfee00300ul = 0x40051;
    tap_is(*(volatile uint32_t *)0xfee00220ul >> 17 & 1, 1, "an IPI by memory");
    tap_is(trap_wrmsr(0x1b, base), TRAP_NONE, "back to x2APIC");
    irq_enable();
    time_delay_ns(NS_PER_MS);
    tap_is(fired, 1, "where it is taken");
}

/* -- user mode -------------------------------------------------------------------------------------- */

#define PTE_USER 4u
#define PTE_LARGE 0x80u

static uint64_t gdt[16], trap_stack[512], user_stack[512];
static volatile uint64_t user_answer = 77;

static void __attribute__((aligned(4096))) user_hypercall(void)
{
    __asm__ volatile("movl $17, %%eax; xorl %%edi, %%edi; xorl %%esi, %%esi; vmmcall; movq %%rax, %0; ud2"
                     : "=m"(user_answer) : : "rax", "rdi", "rsi", "memory");
}

static void __attribute__((aligned(4096))) user_halt(void)
{
    __asm__ volatile("hlt");
}

static void let_user(const volatile void *p)
{
    uint64_t *table, cr3;

    __asm__ volatile("movq %%cr3, %0" : "=r"(cr3));
    table = (uint64_t *)(cr3 & PAGE_MASK);
    for (int shift = 39; shift >= 12; shift -= 9) {
        uint64_t *slot = &table[(uintptr_t)p >> shift & 511];

        *slot |= PTE_USER;
        if ((*slot & PTE_LARGE) != 0 && shift < 39) {
            break;
        }
        table = (uint64_t *)(*slot & 0x000ffffffffff000ul);
    }
    __asm__ volatile("movq %0, %%cr3" : : "r"(cr3) : "memory");
}

/* The runtime has no user segments and no stack for traps from user mode: a copy of its table with both. */
static void user_prepare(void)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) ptr;
    uint64_t tss, *from;

    __asm__ volatile("sgdt %0" : "=m"(ptr));
    from = (uint64_t *)ptr.base;
    for (unsigned int i = 0; i < ptr.limit / 8u + 1 && i < 7; i++) {
        gdt[i] = from[i];
    }
    gdt[7] = 0x00cff3000000ffff;
    gdt[8] = 0x00affb000000ffff;
    tss = (gdt[3] >> 16 & 0xffffff) | (gdt[3] >> 56 << 24) | gdt[4] << 32;
    *(volatile uint64_t *)(tss + 4) = (uint64_t)(uintptr_t)(trap_stack + 512);
    ptr.limit = sizeof(gdt) - 1;
    ptr.base = (uint64_t)(uintptr_t)gdt;
    __asm__ volatile("lgdt %0" : : "m"(ptr));
    let_user((void *)(uintptr_t)user_hypercall);
    let_user((void *)(uintptr_t)user_halt);
    let_user(user_stack);
    let_user(&user_stack[511]);
    let_user(&user_answer);
}

static void go(void *fn)
{
    __asm__ volatile("pushq $0x3b; pushq %0; pushq $0x2; pushq $0x43; pushq %1; iretq"
                     : : "r"(user_stack + 500), "r"(fn) : "memory");
}

static void test_user_mode(void)
{
    struct trap_info_rt info;
    int vector;

    user_prepare();
    irq_disable();
    vector = trap_try(go, (void *)(uintptr_t)user_halt, &info);
    tap_is(vector, TRAP_GP, "HLT in user mode");
    irq_disable();
    vector = trap_try(go, (void *)(uintptr_t)user_hypercall, &info);
    tap_ok(vector == TRAP_UD && user_answer == 77, "a hypercall in user mode is #UD, vector %d", vector);
    irq_enable();
}

void stub_main(void)
{
    tap_plan(0);
    test_cpuid();
    test_msrs();
    test_instructions();
    test_ports();
    test_apic();
    test_user_mode();
    tap_done();
}
