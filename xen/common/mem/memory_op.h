/* SPDX-License-Identifier: Apache-2.0 */
/* Handlers of the memory_op rows; the rows are in memory_op.c. */
#ifndef MEM_MEMORY_OP_H
#define MEM_MEMORY_OP_H

#include <xen/hypercall_row.h>
#include <xen/p2m.h>

#include <public/memory.h>

#define MEMOP_EXTENT_SHIFT 6 /* sub-operation in the low bits of the command, elements done above */
#define MEMOP_CMD_MASK ((1u << MEMOP_EXTENT_SHIFT) - 1)

/** Elements that earlier rounds of this call have done. */
static inline uint64_t memop_start(const struct call *c)
{
    return c->hc->arg[0] >> MEMOP_EXTENT_SHIFT;
}

/** Leave the rest to a reissued call. @return -ERESTART */
static inline long memop_continue(struct call *c, uint64_t done)
{
    c->hc->arg[0] = c->cmd | done << MEMOP_EXTENT_SHIFT;
    return -ERESTART;
}

/* reservation.c */
int reservation_decode(struct call *c);
long populate_act(struct call *c);
long decrease_act(struct call *c);
long increase_act(struct call *c);

/* physmap.c */
int add_decode(struct call *c);
long add_act(struct call *c);
int add_batch_decode(struct call *c);
long add_batch_act(struct call *c);
int remove_decode(struct call *c);
long remove_act(struct call *c);

/* memory_map.c */
int memory_map_decode(struct call *c);
long memory_map_act(struct call *c);
int set_memory_map_decode(struct call *c);
long set_memory_map_act(struct call *c);

#endif
