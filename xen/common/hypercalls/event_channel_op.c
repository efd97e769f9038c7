/* SPDX-License-Identifier: Apache-2.0 */
/* event_channel_op: the rows. What they do is in xen/common/evtchn/. */
#include "families.h"

#include <public/event_channel.h>

#include "../evtchn/evtchn.h"

#define ARG(type) sizeof(struct evtchn_##type)

/* In the last question of bind_interdomain the other domain is the caller, as the remote domain sees it. */
static const struct hypercall_row rows[] = {
    [EVTCHNOP_bind_interdomain] =
        ROW(EVTCHNOP_bind_interdomain, ARG(bind_interdomain), ARG(bind_interdomain),
            evtchn_interdomain_decode,
            ASK(Q(CALLER, OBJECT, SECCLASS_EVENT, EVENT__CREATE),
                Q(OBJECT, TARGET, SECCLASS_EVENT, EVENT__BIND),
                Q(PEER, SECOND, SECCLASS_EVENT, EVENT__BIND)),
            evtchn_interdomain_act),
    [EVTCHNOP_bind_virq] =
        ROW(EVTCHNOP_bind_virq, ARG(bind_virq), ARG(bind_virq), evtchn_virq_decode,
            ASK(Q(CALLER, OBJECT, SECCLASS_EVENT, EVENT__CREATE)), evtchn_virq_act),
    [EVTCHNOP_bind_pirq] = ROW_ABSENT_AS(EVTCHNOP_bind_pirq, -EINVAL,
                                         "domains have no physical interrupts yet: none is in range"),
    [EVTCHNOP_close] = ROW(EVTCHNOP_close, ARG(close), 0, evtchn_close_decode,
                           ASK_NONE("gives up a port of the caller's own"), evtchn_close_act),
    [EVTCHNOP_send] = ROW(EVTCHNOP_send, ARG(send), 0, evtchn_send_decode,
                          ASK(Q(CALLER, OBJECT, SECCLASS_EVENT, EVENT__SEND)),
                          evtchn_send_act),
    [EVTCHNOP_status] = ROW(EVTCHNOP_status, ARG(status), ARG(status), evtchn_status_decode,
                            ASK(Q_OPTIONAL(CALLER, OBJECT, SECCLASS_EVENT, EVENT__STATUS)),
                            evtchn_status_act),
    [EVTCHNOP_alloc_unbound] =
        ROW(EVTCHNOP_alloc_unbound, ARG(alloc_unbound), ARG(alloc_unbound), evtchn_alloc_decode,
            ASK(Q(CALLER, OBJECT, SECCLASS_EVENT, EVENT__CREATE),
                Q(OBJECT, SECOND, SECCLASS_EVENT, EVENT__BIND)),
            evtchn_alloc_act),
    [EVTCHNOP_bind_ipi] = ROW(EVTCHNOP_bind_ipi, ARG(bind_ipi), ARG(bind_ipi), evtchn_ipi_decode,
                              ASK(Q(CALLER, OBJECT, SECCLASS_EVENT, EVENT__CREATE)), evtchn_ipi_act),
    [EVTCHNOP_bind_vcpu] =
        ROW(EVTCHNOP_bind_vcpu, ARG(bind_vcpu), 0, evtchn_bind_vcpu_decode,
            ASK_NONE("which of the caller's own vCPUs is told"), evtchn_bind_vcpu_act),
    [EVTCHNOP_unmask] = ROW(EVTCHNOP_unmask, ARG(unmask), 0, evtchn_unmask_decode,
                            ASK_NONE("a bit of the caller's own memory"), evtchn_unmask_act),
    [EVTCHNOP_reset] = ROW(EVTCHNOP_reset, ARG(reset), 0, evtchn_reset_decode,
                           ASK(Q(CALLER, TARGET, SECCLASS_EVENT, EVENT__RESET)), evtchn_reset_act),
    [EVTCHNOP_init_control] = ROW_ABSENT(EVTCHNOP_init_control, "FIFO event channels come later"),
    [EVTCHNOP_expand_array] = ROW_ABSENT(EVTCHNOP_expand_array, "FIFO event channels come later"),
    [EVTCHNOP_set_priority] = ROW_ABSENT(EVTCHNOP_set_priority, "2-level ports have no priority"),
};

const struct hypercall_family event_channel_op_family = {
    .name = "event_channel_op",
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .kind = FAMILY_CMD,
    .cmd_mask = ~0u,
    .arg_index = 1,
};
