/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AMD-Vi. One device table, shared by all units, has an entry for each of the 65536 functions of segment 0: valid, with
 * translation on, no right to read or write, and all interrupt messages refused. Devices that firmware does not mention, and
 * that are plugged in later, are in it too.
 *
 * Source of every register and field: AMD I/O Virtualization Technology (IOMMU) Specification, 48882 rev. 3; section numbers
 * stand beside them.
 *
 * The log of events is read by content, not by the tail register: an entry counts when it is not zero, and is zeroed when it
 * was read: hardware may move the tail before the entry can be seen. Beside the log there is a bit in the unit's PCI
 * status, which also tells when an access was refused and not logged. QEMU 7.2 has that bit alone, it never writes the log.
 */
#include "amd.h"
#include "amd_event.h"

#include <asm/io.h>
#include <xen/acpi.h>
#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/mm.h>
#include <xen/time.h>

/* 3.4, registers in memory */
#define REG_DEVICE_TABLE 0x0000u
#define REG_COMMAND_BASE 0x0008u
#define REG_EVENT_BASE 0x0010u
#define REG_CONTROL 0x0018u
#define REG_EXCLUSION_BASE 0x0020u /* bit 0: exclusion is on */
#define REG_EXCLUSION_LIMIT 0x0028u
#define REG_FEATURES 0x0030u
#define REG_COMMAND_HEAD 0x2000u
#define REG_COMMAND_TAIL 0x2008u
#define REG_EVENT_HEAD 0x2010u
#define REG_EVENT_TAIL 0x2018u
#define REG_STATUS 0x2020u
#define REG_WINDOW 0x4000u

/* 3.4, IOMMU Control Register, MMIO offset 0018h */
#define CONTROL_ENABLE (1ull << 0)
#define CONTROL_EVENT_LOG (1ull << 2)
#define CONTROL_EVENT_INT (1ull << 3)
#define CONTROL_COMPLETION_INT (1ull << 4)
#define CONTROL_COHERENT (1ull << 10)
#define CONTROL_COMMANDS (1ull << 12)
#define CONTROL_PPR_LOG (1ull << 13)
#define CONTROL_PPR_INT (1ull << 14)
#define CONTROL_PPR (1ull << 15)
#define CONTROL_GUEST (1ull << 16)
#define CONTROL_GUEST_APIC (1ull << 17)
#define CONTROL_GUEST_LOG (3ull << 28) /* log and its interrupt */
#define CONTROL_OURS                                                                               \
    (CONTROL_ENABLE | CONTROL_EVENT_LOG | CONTROL_EVENT_INT | CONTROL_COMPLETION_INT |             \
     CONTROL_COHERENT | CONTROL_COMMANDS | CONTROL_PPR_LOG | CONTROL_PPR_INT | CONTROL_PPR |       \
     CONTROL_GUEST | CONTROL_GUEST_APIC | CONTROL_GUEST_LOG)

/* 3.4, Extended Feature Register, MMIO offset 0030h */
#define FEATURE_INVALIDATE_ALL (1ull << 6)

/* 3.4, IOMMU Status Register, MMIO offset 2020h; written back to clear */
#define STATUS_EVENT_OVERFLOW (1ull << 0)
#define STATUS_EVENT (1ull << 1)
#define STATUS_COMPLETION (1ull << 2)
#define STATUS_EVENT_LOG_RUNS (1ull << 3)

/* 3.4: bits 59:56 of the base registers of command buffer and event log: log2 of the number of entries */
#define RING_ENTRIES(log2) ((uint64_t)(log2) << 56)

/* 2.2.2.1, Device Table Entry Format; bits of the four 64-bit words */
struct dte {
    uint64_t word[4];
};
#define DTE0_VALID (1ull << 0)
#define DTE0_TRANSLATION_VALID (1ull << 1)
#define DTE0_MODE(levels) ((uint64_t)(levels) << 9)
#define DTE0_QUARANTINE (DTE0_VALID | DTE0_TRANSLATION_VALID | DTE0_MODE(AMD_LEVELS))
#define DTE2_INTERRUPTS_VALID (1ull << 0)  /* IV, bit 128 */
#define DTE2_IRQ_TABLE_LOG2(n) ((uint64_t)(n) << 1)
#define DTE2_INTERRUPTS_REMAP (2ull << 60) /* IntCtl 10b, bits 189:188: by the table; 00b: target abort */
#define DEVICES 65536u
#define DEVICE_TABLE_ORDER 9u /* 2 MiB */
BUILD_ASSERT(sizeof(struct dte) * DEVICES == PAGE_SIZE << DEVICE_TABLE_ORDER);

/* 2.4, commands: opcode in bits 63:60 of the first word */
struct command {
    uint64_t word[2];
};
#define COMMAND(op) ((uint64_t)(op) << 60)
#define COMMAND_COMPLETION_WAIT COMMAND(1) /* 2.4.1; bit 0: store word[1] at the address */
#define COMMAND_STORE 1ull
#define COMMAND_INVALIDATE_DEVICE COMMAND(2) /* 2.4.2; device in bits 15:0 */
#define COMMAND_INVALIDATE_PAGES COMMAND(3)  /* 2.4.3; domain in bits 47:32; word[1] address and size */
#define INVALIDATE_EVERYTHING 0x7ffffffffffff003ull /* whole domain, tables too: S and PDE set */
#define COMMAND_INVALIDATE_IRQS COMMAND(5)   /* 2.4.5; device in bits 15:0 */
#define COMMAND_INVALIDATE_ALL COMMAND(8)    /* 2.4.8 */

#define COMMANDS_LOG2 8u /* 256 commands: a page */
#define EVENTS_LOG2 12u  /* 4096 events: 16 pages */
#define EVENTS_ORDER 4u
#define EVENTS_SIZE (AMD_EVENT_SIZE << EVENTS_LOG2)
BUILD_ASSERT(sizeof(struct command) << COMMANDS_LOG2 == PAGE_SIZE);
BUILD_ASSERT(EVENTS_SIZE == PAGE_SIZE << EVENTS_ORDER);

#define ANSWER_NS (100 * NS_PER_MS) /* a unit that takes longer for a command is broken */

/* PCI Local Bus Specification 3.0, 6.2.3: device status; written back to clear */
#define PCI_STATUS 6u
#define PCI_STATUS_ABORTED (1u << 11) /* signaled target abort */

struct unit {
    volatile uint8_t *regs;      /* constant after init, as the pointers below */
    volatile uint8_t *config;    /* PCI configuration; NULL: there is no way to it but ports */
    struct command *commands;    /* owned page */
    uint64_t (*events)[2];       /* owned pages */
    uint64_t *done;              /* owned page; the unit stores here */
    uint32_t command_tail;       /* lock held; bytes */
    uint64_t done_last;          /* lock held; number of the last completion asked for */
    uint32_t event_head;         /* bytes; boot CPU only */
};
static struct unit units[ACPI_MAX_IOMMUS];
static spinlock_t lock = SPINLOCK_INIT(LOCK_IOMMU_UNIT); /* commands of all units, and the device table; nothing is locked within it */
static unsigned unit_count;
static struct dte *device_table; /* owned */

static bool is_described(void)
{
    return acpi_info.ivrs.iommu_count != 0;
}

/* -- commands -------------------------------------------------------------------------------------- */

static bool command_room(const struct unit *u)
{
    uint32_t next = (u->command_tail + (uint32_t)sizeof(struct command)) % PAGE_SIZE;

    return next != (readq(u->regs + REG_COMMAND_HEAD) & (PAGE_SIZE - 1));
}

static bool is_done(const struct unit *u)
{
    return __atomic_load_n(u->done, __ATOMIC_ACQUIRE) == u->done_last;
}

static int wait_until(bool (*what)(const struct unit *), const struct unit *u)
{
    uint64_t end = time_now_ns() + ANSWER_NS;
    bool late = false;

    while (!what(u)) {
        if (late) { /* looked at once more since: this CPU may have been away meanwhile */
            return -EIO;
        }
        late = time_now_ns() > end;
        cpu_relax();
    }
    return 0;
}

static int command_put(struct unit *u, uint64_t word0, uint64_t word1)
{
    int ret = wait_until(command_room, u);

    if (ret != 0) {
        return ret;
    }
    u->commands[u->command_tail / sizeof(struct command)] = (struct command){ { word0, word1 } };
    u->command_tail = (u->command_tail + (uint32_t)sizeof(struct command)) % PAGE_SIZE;
    __atomic_thread_fence(__ATOMIC_RELEASE);
    writeq(u->regs + REG_COMMAND_TAIL, u->command_tail);
    return 0;
}

/* Everything put before has taken effect when this returns 0. */
static int commands_finish(struct unit *u)
{
    int ret = command_put(u, COMMAND_COMPLETION_WAIT | COMMAND_STORE | virt_to_maddr(u->done), ++u->done_last);

    return ret != 0 ? ret : wait_until(is_done, u);
}

/* Nothing that a unit may have kept from before, the firmware's time included, is used any more. */
static int forget_everything(struct unit *u)
{
    int ret;
    unsigned i;

    if (readq(u->regs + REG_FEATURES) & FEATURE_INVALIDATE_ALL) {
        ret = command_put(u, COMMAND_INVALIDATE_ALL, 0);
    } else {
        ret = command_put(u, COMMAND_INVALIDATE_PAGES, INVALIDATE_EVERYTHING);
        for (i = 0; ret == 0 && i < DEVICES; i++) {
            ret = command_put(u, COMMAND_INVALIDATE_DEVICE | i, 0);
        }
    }
    return ret != 0 ? ret : commands_finish(u);
}

/* -- devices --------------------------------------------------------------------------------------- */

/* In every unit; lock held. Who gives memory away next must not do so when a unit may still use it. */
static void forget(bool one_device, uint16_t device, uint16_t id)
{
    int ret = 0;
    unsigned i;

    for (i = 0; ret == 0 && i < unit_count; i++) {
        struct unit *u = &units[i];

        if (one_device) {
            ret = command_put(u, COMMAND_INVALIDATE_DEVICE | device, 0);
        }
        if (one_device && ret == 0) {
            ret = command_put(u, COMMAND_INVALIDATE_IRQS | device, 0);
        }
        if (ret == 0) {
            ret = command_put(u, COMMAND_INVALIDATE_PAGES | (uint64_t)id << 32, INVALIDATE_EVERYTHING);
        }
        if (ret == 0) {
            ret = commands_finish(u);
        }
    }
    if (ret != 0) {
        panic("iommu: a unit does not answer any more");
    }
}

void amd_forget(uint16_t id)
{
    spin_lock(&lock);
    forget(false, 0, id);
    spin_unlock(&lock);
}

void amd_irq_forget(uint16_t device)
{
    int ret = 0;
    unsigned i;

    spin_lock(&lock);
    for (i = 0; ret == 0 && i < unit_count; i++) {
        ret = command_put(&units[i], COMMAND_INVALIDATE_IRQS | device, 0);
        if (ret == 0) {
            ret = commands_finish(&units[i]);
        }
    }
    spin_unlock(&lock);
    if (ret != 0) {
        panic("iommu: a unit does not answer any more");
    }
}

/* The third word of a device whose messages go by a table. */
static uint64_t interrupts_by(paddr_t irq_table)
{
    return DTE2_INTERRUPTS_VALID | DTE2_IRQ_TABLE_LOG2(AMD_IRQ_TABLE_LOG2) | irq_table | DTE2_INTERRUPTS_REMAP;
}

int amd_device_release(uint16_t device, uint16_t id, paddr_t root, paddr_t irq_table)
{
    struct dte *e = &device_table[device];

    if (amd_is_ioapic(device)) {
        return -EPERM; /* its messages would pass as an I/O APIC's */
    }
    spin_lock(&lock);
    if (e->word[0] != DTE0_QUARANTINE) {
        spin_unlock(&lock);
        return -EBUSY;
    }
    /* The id first: without rights it means nothing. */
    write_once(e->word[1], id);
    if (irq_table != 0) {
        write_once(e->word[2], interrupts_by(irq_table));
    }
    write_once(e->word[0], DTE0_QUARANTINE | root | AMD_READ | AMD_WRITE);
    forget(true, device, id);
    spin_unlock(&lock);
    return 0;
}

void amd_device_quarantine(uint16_t device, uint16_t id)
{
    struct dte *e = &device_table[device];

    spin_lock(&lock);
    write_once(e->word[0], DTE0_QUARANTINE);
    write_once(e->word[2], e->word[2] & DTE2_INTERRUPTS_VALID); /* not 0 where messages can be refused: refused */
    forget(true, device, id);
    write_once(e->word[1], 0);
    spin_unlock(&lock);
}

/* -- events ---------------------------------------------------------------------------------------- */

/* 2.5: writing the base sets head and tail to 0; QEMU wants them written. */
static void events_start(struct unit *u)
{
    uint64_t control = readq(u->regs + REG_CONTROL) & ~CONTROL_EVENT_LOG;

    writeq(u->regs + REG_CONTROL, control);
    writeq(u->regs + REG_EVENT_BASE, virt_to_maddr(u->events) | RING_ENTRIES(EVENTS_LOG2));
    writeq(u->regs + REG_EVENT_HEAD, 0);
    writeq(u->regs + REG_EVENT_TAIL, 0);
    u->event_head = 0;
    writeq(u->regs + REG_STATUS, STATUS_EVENT_OVERFLOW | STATUS_EVENT | STATUS_COMPLETION);
    writeq(u->regs + REG_CONTROL, control | CONTROL_EVENT_LOG | CONTROL_EVENT_INT);
}

static bool log_stopped(const struct unit *u)
{
    return !(readq(u->regs + REG_STATUS) & STATUS_EVENT_LOG_RUNS);
}

/*
 * 3.4, EventOverflow: nothing is logged any more until it is cleared and the log started again. What was in the log has
 * been read; what else came is lost.
 */
static void events_restart(struct unit *u)
{
    writeq(u->regs + REG_CONTROL, readq(u->regs + REG_CONTROL) & ~CONTROL_EVENT_LOG);
    if (wait_until(log_stopped, u) != 0) {
        pr_err("iommu: the log of events does not stop");
    }
    memset(u->events, 0, EVENTS_SIZE);
    events_start(u);
}

static bool event_take(struct unit *u, struct iommu_fault *fault)
{
    uint64_t *at = u->events[u->event_head / AMD_EVENT_SIZE];
    uint64_t entry[2] = { read_once(at[0]), read_once(at[1]) };

    if (!amd_event_decode(entry, fault)) {
        return false;
    }
    write_once(at[0], 0);
    write_once(at[1], 0);
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* zeroed before the unit may write there again */
    u->event_head = (u->event_head + AMD_EVENT_SIZE) % EVENTS_SIZE;
    writeq(u->regs + REG_EVENT_HEAD, u->event_head);
    return true;
}

static bool was_aborted(struct unit *u)
{
    if (u->config == NULL || !(readw(u->config + PCI_STATUS) & PCI_STATUS_ABORTED)) {
        return false;
    }
    writew(u->config + PCI_STATUS, PCI_STATUS_ABORTED);
    return true;
}

static bool next_fault(struct iommu_fault *fault, unsigned *notes)
{
    unsigned i;

    for (i = 0; i < unit_count; i++) {
        if (event_take(&units[i], fault)) {
            return true;
        }
        if (readq(units[i].regs + REG_STATUS) & STATUS_EVENT_OVERFLOW) {
            *notes |= IOMMU_LOST;
            events_restart(&units[i]);
        }
        if (was_aborted(&units[i])) {
            *notes |= IOMMU_UNLOGGED;
        }
    }
    return false;
}

/* -- start ----------------------------------------------------------------------------------------- */

/* Are all I/O APICs named? Interrupts of one that is not would seem to come from any device, and be refused. */
static bool ioapics_known(void)
{
    unsigned i, j;

    for (i = 0; i < acpi_info.ioapic_count; i++) {
        for (j = 0; j < acpi_info.ivrs.ioapic_count; j++) {
            if (acpi_info.ivrs.ioapic[j].id == acpi_info.ioapic[i].id) {
                break;
            }
        }
        if (j == acpi_info.ivrs.ioapic_count) {
            return false;
        }
    }
    return true;
}

/*
 * Translation with four levels and no right: each access is an IO_PAGE_FAULT before any table is read (2.2.2.1, IR, IW), so
 * that there is no table. I/O APICs' messages go by tables too: entries of pins are made as these are routed.
 */
static bool device_table_make(bool remaps_interrupts)
{
    unsigned i;

    device_table = pages_alloc(DEVICE_TABLE_ORDER);
    if (device_table == NULL) {
        return false;
    }
    for (i = 0; i < DEVICES; i++) {
        device_table[i].word[0] = DTE0_QUARANTINE;
        device_table[i].word[2] = remaps_interrupts ? DTE2_INTERRUPTS_VALID : 0;
    }
    for (i = 0; remaps_interrupts && i < acpi_info.ivrs.ioapic_count; i++) {
        const uint32_t *table = amd_ioapic_table(i);

        if (table == NULL) {
            return false;
        }
        device_table[acpi_info.ivrs.ioapic[i].device].word[2] = interrupts_by(virt_to_maddr(table));
    }
    return true;
}

/* PCI Firmware Specification 3.3, 4.1.2: a page for each function of the buses in the table MCFG. */
static volatile uint8_t *config_map(uint16_t device)
{
    uint8_t bus = (uint8_t)(device >> 8);

    if (acpi_info.mcfg_addr == 0 || bus < acpi_info.mcfg_bus_first || bus > acpi_info.mcfg_bus_last) {
        return NULL;
    }
    return ioremap(acpi_info.mcfg_addr + ((uint64_t)device << PAGE_SHIFT), PAGE_SIZE);
}

static int unit_start(struct unit *u, const struct acpi_iommu *described)
{
    uint64_t control;

    u->regs = ioremap(described->addr, REG_WINDOW);
    u->config = config_map(described->device);
    u->commands = pages_alloc(0);
    u->done = pages_alloc(0);
    u->events = pages_alloc(EVENTS_ORDER);
    if (u->regs == NULL || u->commands == NULL || u->done == NULL || u->events == NULL) {
        return -ENOMEM;
    }
    control = readq(u->regs + REG_CONTROL);
    if (control == ~0ull) {
        return -ENODEV;
    }
    control &= ~CONTROL_OURS;
    writeq(u->regs + REG_CONTROL, control);
    writeq(u->regs + REG_EXCLUSION_BASE, 0); /* a range that firmware had opened for all devices */
    writeq(u->regs + REG_EXCLUSION_LIMIT, 0);
    writeq(u->regs + REG_DEVICE_TABLE, virt_to_maddr(device_table) | ((1ull << DEVICE_TABLE_ORDER) - 1));
    writeq(u->regs + REG_COMMAND_BASE, virt_to_maddr(u->commands) | RING_ENTRIES(COMMANDS_LOG2));
    writeq(u->regs + REG_COMMAND_HEAD, 0);
    writeq(u->regs + REG_COMMAND_TAIL, 0);
    events_start(u);
    control = readq(u->regs + REG_CONTROL);
    writeq(u->regs + REG_CONTROL, control | CONTROL_COHERENT | CONTROL_COMMANDS | CONTROL_ENABLE);
    return forget_everything(u);
}

static int init(bool *remaps_interrupts)
{
    const struct acpi_ivrs *ivrs = &acpi_info.ivrs;
    int ret = 0;

    *remaps_interrupts = ioapics_known();
    if (!device_table_make(*remaps_interrupts)) {
        pr_err("iommu: no memory for the device table");
        return -ENOMEM;
    }
    if (ivrs->ivmd_count != 0) {
        pr_warn("iommu: firmware asks for %u ranges that its devices may reach: not granted", ivrs->ivmd_count);
    }
    while (ret == 0 && unit_count < ivrs->iommu_count) {
        ret = unit_start(&units[unit_count], &ivrs->iommu[unit_count]);
        if (ret != 0) {
            pr_err("iommu: the unit at %#llx cannot be started (error %d)",
                   (unsigned long long)ivrs->iommu[unit_count].addr, -ret);
        } else {
            unit_count++;
        }
    }
    return ret;
}

const struct iommu_ops iommu_amd = {
    .name = "amd",
    .is_described = is_described,
    .init = init,
    .next_fault = next_fault,
    .domain_create = amd_domain_create,
    .detach = amd_domain_detach,
    .detach_all = amd_domain_detach_all,
    .domain_free = amd_domain_free,
    .map = amd_domain_map,
    .unmap = amd_domain_unmap,
    .flush = amd_domain_flush,
    .attach = amd_domain_attach,
    .irq_route = amd_irq_route,
    .irq_refuse = amd_irq_refuse,
    .ioapic_entry = amd_ioapic_entry,
};
