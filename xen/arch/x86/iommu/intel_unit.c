/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The units at work: commands, the queue of orders to forget what they remember, and their start.
 *
 * Firmware may hand units over at work, with tables of its own: translation is not turned off for the change, so that there is no
 * moment without. Source: D51397 rev. 3.4, chapter 11 (Register Descriptions), 6.5.2 (Queued Invalidation Interface).
 */
#include "intel_unit.h"

#include <asm/cache.h>
#include <asm/io.h>
#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/mm.h>
#include <xen/time.h>

#define REG_COMMAND 0x18u
#define REG_STATUS 0x1cu
#define REG_ROOT 0x20u
#define REG_PROTECTED 0x64u
#define REG_QUEUE_HEAD 0x80u
#define REG_QUEUE_TAIL 0x88u
#define REG_QUEUE 0x90u
#define REG_INTERRUPTS 0xb8u

/* 11.4.4, GCMD; the same bits of GSTS tell when it has been done. One is changed at a time. */
#define DO_TRANSLATE (1u << 31)
#define DO_SET_ROOT (1u << 30)
#define DO_LOG_FAULTS (1u << 28)       /* in memory, which we do not */
#define DO_FLUSH_WRITES (1u << 27)
#define DO_QUEUE (1u << 26)
#define DO_REMAP_INTERRUPTS (1u << 25)
#define DO_SET_INTERRUPTS (1u << 24)
#define DO_LET_OLD_FORMAT_PASS (1u << 23) /* CFI: interrupts that name vector and CPU themselves */
#define DO_KEPT (DO_TRANSLATE | DO_LOG_FAULTS | DO_QUEUE | DO_REMAP_INTERRUPTS | DO_LET_OLD_FORMAT_PASS)

#define PROTECTED_ON (1u << 31)
#define PROTECTED_STATUS (1u << 0)

#define QUEUE_MASK ((uint32_t)PAGE_SIZE - 1) /* IQA.QS 0: a page, 256 orders */
#define INTERRUPTS_ALL 15u  /* IRTA.S: 65536 entries; EIME 0: CPUs by 8 bits */
#define ORDER_WAIT 0x25u    /* 6.5.2.8: then write the upper half of the word to memory */

#define ANSWER_NS (100 * NS_PER_MS) /* a unit that takes longer is broken */

static spinlock_t lock = SPINLOCK_INIT(LOCK_IOMMU_UNIT); /* commands and queues of all units; nothing is locked within it */

void intel_written(const volatile void *p, size_t size)
{
    const volatile char *line = (const volatile char *)((uintptr_t)p & ~(uintptr_t)(CACHE_LINE - 1));
    const volatile char *end = (const volatile char *)p + size;

    if (!intel_units.coherent) {
        for (; line < end; line += CACHE_LINE) {
            cache_write_back(line);
        }
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
    }
}

/* -- commands -------------------------------------------------------------------------------------- */

/* Wait until these bits of a register are so. */
static int wait_for(const struct intel_unit *u, unsigned reg, uint32_t mask, uint32_t value)
{
    uint64_t end = time_now_ns() + ANSWER_NS;
    bool late = false;

    while ((readl(u->regs + reg) & mask) != value) {
        if (late) { /* looked at once more since: this CPU may have been away meanwhile */
            return -EIO;
        }
        late = time_now_ns() > end;
        cpu_relax();
    }
    return 0;
}

static int turn_on(struct intel_unit *u, uint32_t what)
{
    u->on |= what;
    writel(u->regs + REG_COMMAND, u->on);
    return wait_for(u, REG_STATUS, what, what);
}

static int turn_off(struct intel_unit *u, uint32_t what)
{
    u->on &= ~what;
    writel(u->regs + REG_COMMAND, u->on);
    return wait_for(u, REG_STATUS, what, 0);
}

/* DO_SET_...: what was set before counts until the status tells. */
static int do_once(struct intel_unit *u, uint32_t what)
{
    writel(u->regs + REG_COMMAND, u->on | what);
    return wait_for(u, REG_STATUS, what, what);
}

static int queue_put(struct intel_unit *u, uint64_t word0, uint64_t word1)
{
    uint64_t end = time_now_ns() + ANSWER_NS;
    bool late = false;
    uint32_t next = (u->tail + (uint32_t)sizeof(struct intel_order)) & QUEUE_MASK;

    while ((readl(u->regs + REG_QUEUE_HEAD) & QUEUE_MASK) == next) {
        if (late) { /* looked at once more since: this CPU may have been away meanwhile */
            return -EIO;
        }
        late = time_now_ns() > end;
        cpu_relax();
    }
    u->queue[u->tail / sizeof(struct intel_order)] = (struct intel_order){ { word0, word1 } };
    u->tail = next;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    writeq(u->regs + REG_QUEUE_TAIL, u->tail);
    return 0;
}

/* 6.8: units that hold writes back do not see tables that were written until they are told. */
static int flush_writes(struct intel_unit *u)
{
    if (!(u->cap & INTEL_CAP_WRITE_BUFFERS)) {
        return 0;
    }
    writel(u->regs + REG_COMMAND, u->on | DO_FLUSH_WRITES);
    return wait_for(u, REG_STATUS, DO_FLUSH_WRITES, 0);
}

static int orders_begin(struct intel_unit *u, const struct intel_order *orders, unsigned count)
{
    int ret = flush_writes(u);

    for (unsigned i = 0; ret == 0 && i < count; i++) {
        ret = queue_put(u, orders[i].word[0], orders[i].word[1]);
    }
    return ret != 0 ? ret : queue_put(u, (uint64_t)++u->done_last << 32 | ORDER_WAIT, virt_to_maddr(u->done));
}

static int orders_finish(const struct intel_unit *u)
{
    uint64_t end = time_now_ns() + ANSWER_NS;
    bool late = false;

    while (__atomic_load_n(u->done, __ATOMIC_ACQUIRE) != u->done_last) {
        if (late) { /* looked at once more since: this CPU may have been away meanwhile */
            return -EIO;
        }
        late = time_now_ns() > end;
        cpu_relax();
    }
    return 0;
}

/* Who gives memory away next must not do so when a unit may still use it. */
void intel_order(const struct intel_order *orders, unsigned count)
{
    int ret = 0;
    unsigned i;

    spin_lock(&lock);
    for (i = 0; ret == 0 && i < intel_unit_count; i++) {
        ret = orders_begin(&intel_unit[i], orders, count);
    }
    for (i = 0; ret == 0 && i < intel_unit_count; i++) {
        ret = orders_finish(&intel_unit[i]);
    }
    spin_unlock(&lock);
    if (ret != 0) {
        panic("iommu: a unit does not answer any more");
    }
}

/* -- start ----------------------------------------------------------------------------------------- */

/* A queue of ours, in place of firmware's, which has to be empty before it is turned off (6.5.2). */
static int queue_start(struct intel_unit *u)
{
    int ret = 0;

    if (u->on & DO_QUEUE) {
        ret = wait_for(u, REG_QUEUE_HEAD, ~0u, readl(u->regs + REG_QUEUE_TAIL));
        ret = ret != 0 ? ret : turn_off(u, DO_QUEUE);
    }
    if (ret != 0) {
        return ret;
    }
    writeq(u->regs + REG_QUEUE_TAIL, 0);
    writeq(u->regs + REG_QUEUE, virt_to_maddr(u->queue));
    return turn_on(u, DO_QUEUE);
}

static int root_set(struct intel_unit *u, paddr_t root)
{
    static const struct intel_order everything[] = { INTEL_ORDER_CONTEXTS, INTEL_ORDER_TRANSLATIONS };
    int ret;

    writeq(u->regs + REG_ROOT, root); /* TTM 0: legacy mode */
    ret = do_once(u, DO_SET_ROOT);
    ret = ret != 0 ? ret : orders_begin(u, everything, ARRAY_SIZE(everything));
    ret = ret != 0 ? ret : orders_finish(u);
    return ret != 0 ? ret : turn_on(u, DO_TRANSLATE);
}

static int interrupts_set(struct intel_unit *u, paddr_t table)
{
    static const struct intel_order all[] = { INTEL_ORDER_INTERRUPTS };
    int ret;

    if (table == 0) {
        return u->on & DO_REMAP_INTERRUPTS ? turn_off(u, DO_REMAP_INTERRUPTS) : 0;
    }
    writeq(u->regs + REG_INTERRUPTS, table | INTERRUPTS_ALL);
    ret = do_once(u, DO_SET_INTERRUPTS);
    ret = ret != 0 ? ret : orders_begin(u, all, ARRAY_SIZE(all));
    ret = ret != 0 ? ret : orders_finish(u);
    return ret != 0 ? ret : turn_on(u, DO_REMAP_INTERRUPTS);
}

/* 11.4.19: ranges that firmware had closed for all devices; they would stay closed for a domain's. */
static int ranges_open(struct intel_unit *u)
{
    if (!(u->cap & INTEL_CAP_PROTECTED)) {
        return 0;
    }
    writel(u->regs + REG_PROTECTED, readl(u->regs + REG_PROTECTED) & ~PROTECTED_ON);
    return wait_for(u, REG_PROTECTED, PROTECTED_STATUS, 0);
}

static int unit_start(struct intel_unit *u, paddr_t root, paddr_t interrupts)
{
    static const uint32_t unwanted[] = { DO_LET_OLD_FORMAT_PASS, DO_LOG_FAULTS };
    int ret = 0;

    u->on = readl(u->regs + REG_STATUS) & DO_KEPT;
    for (unsigned i = 0; ret == 0 && i < ARRAY_SIZE(unwanted); i++) {
        ret = u->on & unwanted[i] ? turn_off(u, unwanted[i]) : 0;
    }
    intel_faults_start(u);
    ret = ret != 0 ? ret : queue_start(u);
    ret = ret != 0 ? ret : root_set(u, root);
    ret = ret != 0 ? ret : interrupts_set(u, interrupts);
    return ret != 0 ? ret : ranges_open(u);
}

int intel_units_start(paddr_t root, paddr_t interrupts)
{
    int ret = 0;

    for (unsigned i = 0; ret == 0 && i < intel_unit_count; i++) {
        ret = unit_start(&intel_unit[i], root, interrupts);
        if (ret != 0) {
            pr_err("iommu: the unit at %#llx cannot be started (error %d)", (unsigned long long)intel_unit[i].addr, -ret);
        }
    }
    return ret;
}
