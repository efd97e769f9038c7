/* SPDX-License-Identifier: Apache-2.0 */
#include "hollow.h"

#include <xen/boot.h>
#include <xen/console.h>
#include <xen/domain.h>
#include <xen/errno.h>
#include <xen/hypercall_row.h>
#include <xen/iommu.h>
#include <xen/measure.h>
#include <xen/vcpu_timers.h>
#include <xen/vpci.h>

#include <xsm/flask_op.h>

unsigned hollow_effects;
void *hollow_page;
char hollow_output[8192];
size_t hollow_output_size;
const char *hollow_input = "";
struct boot_info boot_info = { .cmdline = "" };

void console_domain_write(struct domain *d, const char *text, size_t size)
{
    (void)d;
    hollow_effects++;
    assert(hollow_output_size + size <= sizeof(hollow_output));
    memcpy(hollow_output + hollow_output_size, text, size);
    hollow_output_size += size;
}

size_t console_read(char *buf, size_t size)
{
    size_t n = strnlen(hollow_input, size);

    hollow_effects++;
    memcpy(buf, hollow_input, n);
    hollow_input += n;
    return n;
}

bool console_has_focus(const struct domain *d)
{
    (void)d;
    return true;
}

size_t measure_log_read(size_t offset, void *buf, size_t len, size_t *total)
{
    (void)offset;
    (void)buf;
    (void)len;
    *total = 0;
    return 0;
}

bool iommu_remaps_interrupts(void)
{
    return true;
}

int vpci_attach(struct domain *d, uint16_t device, const struct pci_terms *terms, const char **why)
{
    (void)d;
    (void)device;
    (void)terms;
    *why = "nothing is there";
    hollow_effects++;
    return -ENODEV;
}

bool vpci_is_moving(struct domain *d, uint16_t device)
{
    (void)d;
    (void)device;
    return false;
}

int vpci_detach(struct domain *d, uint16_t device)
{
    (void)d;
    (void)device;
    hollow_effects++;
    return -ENODEV;
}

int vcpu_measure_turn(struct vcpu *v)
{
    (void)v;
    return 0;
}

void measure_turn_end(void)
{
}

int measure_relabel(unsigned int domid, const char *label, bool own)
{
    (void)own;
    (void)domid;
    (void)label;
    hollow_effects++;
    return 0;
}

int measure_policy_load(const void *image, size_t size)
{
    (void)image;
    (void)size;
    hollow_effects++;
    return 0;
}

int measure_setenforce(bool enforcing)
{
    (void)enforcing;
    hollow_effects++;
    return 0;
}

int measure_audit_seal(const uint8_t digest[32], unsigned int cpus, uint64_t records)
{
    (void)digest;
    (void)cpus;
    (void)records;
    hollow_effects++;
    return 0;
}

/* Two CPUs without any records. */
unsigned int xsm_audit_cpu_count(void)
{
    return 2;
}

unsigned cpu_count = 2;

uint64_t mem_total_pages(void)
{
    return 4096;
}

uint64_t mem_free_pages(void)
{
    return 1024;
}

int xsm_audit_read(unsigned int cpu, uint64_t from, struct bulkhead_audit_record *out, size_t count,
                   size_t *n, struct xsm_audit_position *pos)
{
    (void)cpu;
    (void)from;
    (void)out;
    (void)count;
    *n = 0;
    memset(pos, 0, sizeof(*pos));
    return 0;
}

int measure_resource(uint32_t ocon, uint64_t first, uint64_t last, const char *label)
{
    (void)ocon;
    (void)first;
    (void)last;
    (void)label;
    hollow_effects++;
    return 0;
}

int measure_boolean(const char *name, bool value)
{
    (void)name;
    (void)value;
    hollow_effects++;
    return 0;
}

long flask_op_act(struct xen_flask_op *op, const struct flask_op_env *env)
{
    (void)op;
    (void)env;
    hollow_effects++;
    return 0;
}

int xsm_sid_to_context(xsm_sid_t sid, char *buf, size_t size, size_t *needed)
{
    (void)sid;
    (void)needed;
    snprintf(buf, size, "u:r:t");
    return 0;
}

/* Resources: each interrupt and device has one label, ranges are halves of two. */
int xsm_pirq_sid(uint32_t irq, xsm_sid_t *out)
{
    *out = HOLLOW_SID_IRQ + irq;
    return 0;
}

int xsm_device_sid(uint32_t sbdf, xsm_sid_t *out)
{
    *out = HOLLOW_SID_DEVICE + sbdf;
    return 0;
}

static int range_walk(uint64_t first, uint64_t last, xsm_range_fn *fn, void *arg)
{
    uint64_t half = first + (last - first) / 2;
    int rc = fn(arg, HOLLOW_SID_LOW, first, half);

    return rc != 0 || half == last ? rc : fn(arg, HOLLOW_SID_HIGH, half + 1, last);
}

int xsm_ioport_walk(uint32_t first, uint32_t last, xsm_range_fn *fn, void *arg)
{
    return range_walk(first, last, fn, arg);
}

int xsm_iomem_walk(uint64_t first, uint64_t last, xsm_range_fn *fn, void *arg)
{
    return range_walk(first, last, fn, arg);
}

int arch_domain_set_callback(struct domain *d, uint64_t via)
{
    (void)d;
    (void)via;
    hollow_effects++;
    return 0;
}

int arch_vcpu_set_upcall_vector(struct vcpu *v, uint8_t vector)
{
    (void)v;
    (void)vector;
    hollow_effects++;
    return 0;
}

void arch_vcpu_update_time(struct vcpu *v)
{
    (void)v;
    hollow_effects++;
}

void arch_p2m_flush(struct domain *d)
{
    (void)d;
    hollow_effects++;
}

mfn_t p2m_lookup_locked(const struct domain *d, gfn_t gfn, enum p2m_type *type)
{
    (void)d;
    (void)gfn;
    *type = P2M_RAM_RW;
    return _mfn(1);
}

/* Frame 1 is hollow_page: the direct map begins one page before it. */
struct page_info hollow_frames[2];
struct page_info *frame_table = hollow_frames;
uint64_t frame_count = 2;
char *direct_map_fake;

struct page_info *p2m_get_page(struct domain *d, gfn_t gfn, bool write, enum p2m_type *type)
{
    (void)write;
    *type = P2M_INVALID;
    if (hollow_page == NULL || gfn_x(gfn) != HOLLOW_GFN) {
        return NULL;
    }
    *type = P2M_RAM_RW;
    direct_map_fake = (char *)hollow_page - PAGE_SIZE;
    hollow_frames[1].owner = d;
    hollow_frames[1].refcount++;
    return &hollow_frames[1];
}

void page_put(struct page_info *pg)
{
    assert(pg->refcount > 0);
    pg->refcount--;
}

/* Families that this walk leaves out. */
const struct hypercall_family memory_op_family = { .name = "memory_op" };
const struct hypercall_family grant_table_op_family = { .name = "grant_table_op" };
