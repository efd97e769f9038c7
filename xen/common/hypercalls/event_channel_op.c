/* SPDX-License-Identifier: Apache-2.0 */
/* event_channel_op: the rows. What they do is in xen/common/evtchn/. */
#include "families.h"

#include <public/event_channel.h>

#include "../evtchn/evtchn.h"

#define ARG(type) sizeof(struct evtchn_##type)

#define OWN(perm) Q(CALLER, SELF, EVTCHN_OP, perm)

/* In the last question of bind_interdomain the other domain is the caller, as the remote domain sees it. */
static const struct hypercall_row rows[] = {
    [EVTCHNOP_bind_interdomain] =
        ROW(EVTCHNOP_bind_interdomain, ARG(bind_interdomain), ARG(bind_interdomain),
            evtchn_interdomain_decode,
            ASK(Q(CALLER, OBJECT, EVTCHN_OP, BIND_INTERDOMAIN),
                Q(OBJECT, TARGET, EVENT, BIND),
                Q_OPTIONAL(PEER, SECOND, EVENT, EVENT__BIND)),
            evtchn_interdomain_act),
    [EVTCHNOP_bind_virq] =
        ROW(EVTCHNOP_bind_virq, ARG(bind_virq), ARG(bind_virq), evtchn_virq_decode,
            ASK(Q(CALLER, OBJECT, EVTCHN_OP, BIND_VIRQ)), evtchn_virq_act),
    [EVTCHNOP_bind_pirq] = ROW_ABSENT_AS(EVTCHNOP_bind_pirq, -EINVAL, OWN(BIND_PIRQ),
                                         "domains have no physical interrupts yet: none is in range"),
    [EVTCHNOP_close] = ROW(EVTCHNOP_close, ARG(close), 0, evtchn_close_decode,
                           ASK(OWN(CLOSE)), evtchn_close_act),
    [EVTCHNOP_send] = ROW(EVTCHNOP_send, ARG(send), 0, evtchn_send_decode,
                          ASK(Q(CALLER, OBJECT, EVTCHN_OP, SEND)), evtchn_send_act),
    [EVTCHNOP_status] = ROW(EVTCHNOP_status, ARG(status), ARG(status), evtchn_status_decode,
                            ASK(Q_OPTIONAL(CALLER, OBJECT, EVTCHN_OP, EVTCHN_OP__STATUS),
                                Q_OPTIONAL(CALLER, TARGET, EVTCHN_OP, EVTCHN_OP__STATUS_OTHER)),
                            evtchn_status_act),
    [EVTCHNOP_alloc_unbound] =
        ROW(EVTCHNOP_alloc_unbound, ARG(alloc_unbound), ARG(alloc_unbound), evtchn_alloc_decode,
            ASK(Q(CALLER, OBJECT, EVTCHN_OP, ALLOC_UNBOUND),
                Q(OBJECT, SECOND, EVENT, BIND)),
            evtchn_alloc_act),
    [EVTCHNOP_bind_ipi] = ROW(EVTCHNOP_bind_ipi, ARG(bind_ipi), ARG(bind_ipi), evtchn_ipi_decode,
                              ASK(Q(CALLER, OBJECT, EVTCHN_OP, BIND_IPI)), evtchn_ipi_act),
    [EVTCHNOP_bind_vcpu] =
        ROW(EVTCHNOP_bind_vcpu, ARG(bind_vcpu), 0, evtchn_bind_vcpu_decode,
            ASK(OWN(BIND_VCPU)), evtchn_bind_vcpu_act),
    [EVTCHNOP_unmask] = ROW(EVTCHNOP_unmask, ARG(unmask), 0, evtchn_unmask_decode,
                            ASK(OWN(UNMASK)), evtchn_unmask_act),
    [EVTCHNOP_reset] = ROW(EVTCHNOP_reset, ARG(reset), 0, evtchn_reset_decode,
                           ASK(Q(CALLER, TARGET, EVTCHN_OP, RESET)), evtchn_reset_act),
    [EVTCHNOP_init_control] = ROW_ABSENT(EVTCHNOP_init_control, OWN(INIT_CONTROL),
                                        "FIFO event channels come later"),
    [EVTCHNOP_expand_array] = ROW_ABSENT(EVTCHNOP_expand_array, OWN(EXPAND_ARRAY),
                                        "FIFO event channels come later"),
    [EVTCHNOP_set_priority] = ROW_ABSENT(EVTCHNOP_set_priority, OWN(SET_PRIORITY),
                                        "2-level ports have no priority"),
};

const struct hypercall_family event_channel_op_family = {
    .name = "event_channel_op",
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .kind = FAMILY_CMD,
    .cmd_mask = ~0u,
    .arg_index = 1,
};
