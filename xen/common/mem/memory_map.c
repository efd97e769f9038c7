/* SPDX-License-Identifier: Apache-2.0 */
/* The memory map a domain was built with, in E820 format. */
#include "memory_op.h"

#include <xen/guest_access.h>

int memory_map_set(struct domain *d, const struct memmap_entry *map, unsigned count)
{
    if (count > MEMMAP_MAX) {
        return -EINVAL;
    }
    spin_lock(&d->page_lock);
    for (unsigned i = 0; i < count; i++) {
        d->memmap[i] = map[i];
    }
    d->memmap_count = count;
    spin_unlock(&d->page_lock);
    return 0;
}

int memory_map_decode(struct call *c)
{
    return call_target(c, DOMID_SELF);
}

long memory_map_act(struct call *c)
{
    struct xen_memory_map *m = c->arg;
    struct memmap_entry map[MEMMAP_MAX];
    unsigned count;

    spin_lock(&c->target->page_lock);
    count = c->target->memmap_count;
    for (unsigned i = 0; i < count; i++) {
        map[i] = c->target->memmap[i];
    }
    spin_unlock(&c->target->page_lock);
    if (!count) {
        return -ENOSYS; /* built without a map */
    }
    if (m->nr_entries > count) {
        m->nr_entries = count;
    }
    return copy_to_guest((vaddr_t)m->buffer.p, map, m->nr_entries * sizeof(map[0])) ? -EFAULT : 0;
}

int set_memory_map_decode(struct call *c)
{
    const struct xen_foreign_memory_map *f = c->arg;

    return f->map.nr_entries > MEMMAP_MAX ? -EINVAL : call_target(c, f->domid);
}

long set_memory_map_act(struct call *c)
{
    const struct xen_foreign_memory_map *f = c->arg;
    struct memmap_entry map[MEMMAP_MAX];

    if (copy_from_guest(map, (vaddr_t)f->map.buffer.p, f->map.nr_entries * sizeof(map[0]))) {
        return -EFAULT;
    }
    return memory_map_set(c->target, map, f->map.nr_entries);
}
