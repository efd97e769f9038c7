/* SPDX-License-Identifier: Apache-2.0 */
#include "pvh.h"

#include "acpi_tables.h"

#include <xen/errno.h>
#include <xen/lib.h>

#include <public/arch-x86/hvm/start_info.h>

#define CMDLINE_MAX 2048 /* with NUL */
#define MEMORY_KIB_MIN 4096u
#define MEMORY_KIB_MAX (1ull << 32)
#define RAMDISK_CEILING (1ull << 30) /* where small kernels still have memory mapped */

/* Boot data: one write, right behind the kernel. */
struct boot_data {
    struct hvm_start_info info;
    struct hvm_modlist_entry module;
    struct hvm_memmap_table_entry map[PVH_REGION_MAX];
    char cmdline[CMDLINE_MAX];
};

BUILD_ASSERT(sizeof(struct hvm_start_info) == 56);
BUILD_ASSERT(sizeof(struct hvm_modlist_entry) == 32);
BUILD_ASSERT(sizeof(struct hvm_memmap_table_entry) == 24);

static void add_region(struct pvh_plan *plan, uint64_t start, uint64_t size, uint32_t type)
{
    if (size != 0) {
        ASSERT(plan->region_count < PVH_REGION_MAX);
        plan->region[plan->region_count++] = (struct pvh_region){ start, size, type };
    }
}

static void add_populate(struct pvh_plan *plan, uint64_t start, uint64_t size)
{
    if (size != 0) {
        ASSERT(plan->populate_count < PVH_REGION_MAX);
        plan->populate[plan->populate_count++] =
            (struct launch_range){ start >> PAGE_SHIFT, size >> PAGE_SHIFT };
        plan->pages += size >> PAGE_SHIFT;
    }
}

/* Where the RAM below 4 GiB ends. */
static uint64_t low_ram_end(const struct launch_input *in)
{
    return min(in->memory_kib << 10, in->pci ? PVH_BELOW_PCI_END : PVH_BELOW_4G_END);
}

static void lay_out_memory(const struct launch_input *in, struct pvh_plan *plan)
{
    uint64_t memory = in->memory_kib << 10;
    uint64_t low_end = low_ram_end(in);
    uint64_t high = memory - low_end;

    add_region(plan, 0, PVH_LOW_RAM_END, XEN_HVM_MEMMAP_TYPE_RAM);
    add_region(plan, PVH_LOW_RAM_END, PVH_HIGH_RAM_START - PVH_LOW_RAM_END,
               XEN_HVM_MEMMAP_TYPE_RESERVED);
    add_region(plan, PVH_HIGH_RAM_START, low_end - PVH_HIGH_RAM_START, XEN_HVM_MEMMAP_TYPE_RAM);
    add_region(plan, VPCI_WINDOW, in->pci ? VPCI_WINDOW_SIZE : 0, XEN_HVM_MEMMAP_TYPE_RESERVED);
    add_region(plan, PVH_ACPI, PAGE_SIZE, XEN_HVM_MEMMAP_TYPE_ACPI);
    add_region(plan, PVH_TPM, in->tpm ? PAGE_SIZE : 0, XEN_HVM_MEMMAP_TYPE_RESERVED);
    add_region(plan, PVH_SPECIAL, PVH_SPECIAL_SIZE, XEN_HVM_MEMMAP_TYPE_RESERVED);
    add_region(plan, PVH_ABOVE_4G, high, XEN_HVM_MEMMAP_TYPE_RAM);

    add_populate(plan, 0, PVH_LOW_RAM_END);
    add_populate(plan, PVH_HIGH_RAM_START, low_end - PVH_HIGH_RAM_START);
    add_populate(plan, PVH_ACPI, PAGE_SIZE);
    add_populate(plan, PVH_STORE_GFN << PAGE_SHIFT, PAGE_SIZE);
    add_populate(plan, PVH_CONSOLE_GFN << PAGE_SHIFT, PAGE_SIZE);
    add_populate(plan, PVH_ABOVE_4G, high);
}

/* Is [start, start + size) inside one region of RAM below 4 GiB? */
static bool in_ram(const struct pvh_plan *plan, uint64_t start, uint64_t size)
{
    unsigned i;

    for (i = 0; i < plan->region_count; i++) {
        const struct pvh_region *r = &plan->region[i];

        if (r->type == XEN_HVM_MEMMAP_TYPE_RAM && r->start < PVH_ABOVE_4G && start >= r->start &&
            start - r->start < r->size && size <= r->size - (start - r->start)) {
            return true;
        }
    }
    return false;
}

/* Note frames that will be written; addresses ascend, neighbours in one frame are joined. */
static void add_range(struct pvh_plan *plan, uint64_t start, uint64_t size)
{
    uint64_t first = start >> PAGE_SHIFT, end = DIV_ROUND_UP(start + size, PAGE_SIZE);

    if (plan->range_count > 0) {
        struct launch_range *last = &plan->range[plan->range_count - 1];

        first = max(first, last->first + last->count);
    }
    if (size != 0 && first < end) {
        ASSERT(plan->range_count < PVH_RANGE_MAX);
        plan->range[plan->range_count++] = (struct launch_range){ first, end - first };
    }
}

static int place_kernel(const struct launch_input *in, struct pvh_plan *plan, uint64_t *end,
                        struct launch_error *err)
{
    struct launch_error why;
    unsigned i;

    if (elf_read(in->kernel, in->kernel_size, &plan->kernel, &why) != 0) {
        return launch_fail(err, -EINVAL, "domain %s: kernel: %s", in->name, why.text);
    }
    *end = PVH_HIGH_RAM_START;
    for (i = 0; i < plan->kernel.segment_count; i++) {
        const struct elf_segment *seg = &plan->kernel.segment[i];

        if (!in_ram(plan, seg->paddr, seg->memory_size)) {
            return launch_fail(err, -EINVAL,
                               "domain %s: kernel needs memory from %#llx to %#llx, the domain has %llu"
                               " KiB", in->name, (unsigned long long)seg->paddr,
                               (unsigned long long)(seg->paddr + seg->memory_size),
                               (unsigned long long)in->memory_kib);
        }
        add_range(plan, seg->paddr, seg->file_size);
        *end = max(*end, seg->paddr + seg->memory_size);
    }
    plan->kernel_range_count = plan->range_count;
    return 0;
}

static int place_data(const struct launch_input *in, struct pvh_plan *plan, uint64_t kernel_end,
                      struct launch_error *err)
{
    uint64_t low_end = low_ram_end(in);
    uint64_t room, top;

    plan->boot_data = ROUND_UP(kernel_end, PAGE_SIZE);
    plan->boot_data_size = offsetof(struct boot_data, cmdline) + strlen(in->cmdline) + 1;
    if (plan->boot_data >= low_end) {
        return launch_fail(err, -EINVAL, "domain %s: kernel ends at %#llx, no room is left for "
                           "its boot data in %llu KiB", in->name,
                           (unsigned long long)kernel_end, (unsigned long long)in->memory_kib);
    }
    room = low_end - plan->boot_data;
    if (plan->boot_data_size > room ||
        in->ramdisk_size > room - ROUND_UP(plan->boot_data_size, PAGE_SIZE)) {
        return launch_fail(err, -EINVAL, "domain %s: kernel up to %#llx and ramdisk of %zu bytes do not "
                           "fit into %llu KiB", in->name, (unsigned long long)kernel_end,
                           in->ramdisk_size, (unsigned long long)in->memory_kib);
    }
    top = min(low_end, RAMDISK_CEILING);
    if (top < plan->boot_data ||
        top - plan->boot_data < in->ramdisk_size + ROUND_UP(plan->boot_data_size, PAGE_SIZE)) {
        top = low_end;
    }
    plan->ramdisk = (top - in->ramdisk_size) & PAGE_MASK;
    add_range(plan, plan->boot_data, plan->boot_data_size);
    add_range(plan, plan->ramdisk, in->ramdisk_size);
    add_range(plan, PVH_ACPI, PAGE_SIZE);
    return 0;
}

int pvh_plan(const struct launch_input *in, struct pvh_plan *plan, struct launch_error *err)
{
    uint64_t kernel_end = 0;
    int ret;

    memset(plan, 0, sizeof(*plan));
    if (in->memory_kib < MEMORY_KIB_MIN || in->memory_kib > MEMORY_KIB_MAX ||
        in->memory_kib % 4 != 0) {
        return launch_fail(err, -EINVAL, "domain %s: %llu KiB of memory: expected a multiple of 4, at "
                           "least %u", in->name, (unsigned long long)in->memory_kib, MEMORY_KIB_MIN);
    }
    if (in->vcpu_count < 1 || in->vcpu_count > LAUNCH_ACPI_CPU_MAX) {
        return launch_fail(err, -EINVAL, "domain %s: %u vCPUs: expected 1 to %u", in->name,
                           in->vcpu_count, LAUNCH_ACPI_CPU_MAX);
    }
    if (strnlen(in->cmdline, CMDLINE_MAX) == CMDLINE_MAX) {
        return launch_fail(err, -EINVAL, "domain %s: kernel command line is longer than %u characters",
                           in->name, CMDLINE_MAX - 1);
    }
    lay_out_memory(in, plan);
    ret = place_kernel(in, plan, &kernel_end, err);
    if (ret == 0) {
        ret = place_data(in, plan, kernel_end, err);
    }
    if (ret == 0) {
        plan->vcpu = (struct launch_vcpu){
            .entry = plan->kernel.pvh_entry,
            .start_info = (uint32_t)plan->boot_data,
            .mode = LAUNCH_MODE_PVH,
        };
    }
    return ret;
}

static int write_boot_data(const struct launch_input *in, const struct pvh_plan *plan,
                           const struct launch_sink *sink)
{
    static struct boot_data data; /* too big for a stack; domains are built one after another */
    unsigned i;

    memset(&data, 0, sizeof(data));
    data.info.magic = XEN_HVM_START_MAGIC_VALUE;
    data.info.version = 1;
    data.info.cmdline_paddr = plan->boot_data + offsetof(struct boot_data, cmdline);
    data.info.rsdp_paddr = PVH_ACPI;
    data.info.memmap_paddr = plan->boot_data + offsetof(struct boot_data, map);
    data.info.memmap_entries = plan->region_count;
    if (in->ramdisk_size != 0) {
        data.info.nr_modules = 1;
        data.info.modlist_paddr = plan->boot_data + offsetof(struct boot_data, module);
        data.module.paddr = plan->ramdisk;
        data.module.size = in->ramdisk_size;
    }
    for (i = 0; i < plan->region_count; i++) {
        data.map[i].addr = plan->region[i].start;
        data.map[i].size = plan->region[i].size;
        data.map[i].type = plan->region[i].type;
    }
    memcpy(data.cmdline, in->cmdline, strlen(in->cmdline) + 1);
    return sink->write(sink->arg, plan->boot_data, &data, plan->boot_data_size);
}

static int write_acpi(const struct launch_input *in, const struct launch_sink *sink)
{
    static uint8_t page[PAGE_SIZE];
    const struct launch_acpi acpi = {
        .base = PVH_ACPI,
        .vcpu_count = in->vcpu_count,
        .tpm = in->tpm,
        .tpm_base = (uint32_t)PVH_TPM,
        .pci = in->pci,
        .sleep_port = PVH_SLEEP_PORT,
    };

    memset(page, 0, sizeof(page));
    launch_acpi_build(&acpi, page);
    return sink->write(sink->arg, PVH_ACPI, page, sizeof(page));
}

/* The next piece of a write that may be long. */
static int write_piece(const struct launch_sink *sink, struct pvh_cursor *c, gaddr_t at, const uint8_t *data, size_t size)
{
    size_t part = min(size - c->done, (size_t)PVH_PIECE);
    int ret = part != 0 ? sink->write(sink->arg, at + c->done, data + c->done, part) : 0;

    c->done += part;
    if (ret == 0 && c->done == size) {
        c->index++;
        c->done = 0;
    }
    return ret;
}

static int populate_piece(const struct launch_input *in, const struct pvh_plan *plan, const struct launch_sink *sink,
                          struct pvh_cursor *c, struct launch_error *err)
{
    const struct launch_range *r = &plan->populate[c->index];
    uint64_t first = r->first + c->done;
    /* Up to the next large page, so that those stay whole. */
    uint64_t part = min(r->count - c->done, PVH_PIECE_FRAMES - first % PVH_PIECE_FRAMES);
    int ret = sink->populate(sink->arg, first, part);

    if (ret != 0) {
        return launch_fail(err, ret, "domain %s: cannot populate %llu pages at frame %#llx (error %d)", in->name,
                           (unsigned long long)part, (unsigned long long)first, -ret);
    }
    c->done += part;
    if (c->done == r->count) {
        c->index++;
        c->done = 0;
    }
    return 0;
}

int pvh_build_piece(const struct launch_input *in, const struct pvh_plan *plan, const struct launch_sink *sink,
                    struct pvh_cursor *c, struct launch_error *err)
{
    unsigned segments = plan->populate_count, data = segments + plan->kernel.segment_count;
    int ret;

    if (c->index < segments) {
        ret = populate_piece(in, plan, sink, c, err);
        return ret != 0 ? ret : -ERESTART;
    }
    if (c->index < data) {
        const struct elf_segment *seg = &plan->kernel.segment[c->index - segments];

        ret = write_piece(sink, c, seg->paddr, seg->data, seg->file_size);
    } else if (c->index == data) {
        ret = write_boot_data(in, plan, sink);
        ret = ret != 0 ? ret : write_acpi(in, sink);
        c->index++;
    } else {
        ret = write_piece(sink, c, plan->ramdisk, in->ramdisk, in->ramdisk_size);
    }
    if (ret != 0) {
        return launch_fail(err, ret, "domain %s: cannot write its memory (error %d)", in->name, -ret);
    }
    return c->index > data + 1 ? 0 : -ERESTART;
}

int pvh_build(const struct launch_input *in, const struct pvh_plan *plan, const struct launch_sink *sink,
              struct launch_error *err)
{
    struct pvh_cursor c = { 0 };
    int ret;

    do {
        ret = pvh_build_piece(in, plan, sink, &c, err);
    } while (ret == -ERESTART);
    return ret;
}
