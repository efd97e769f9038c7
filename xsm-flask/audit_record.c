/* SPDX-License-Identifier: Apache-2.0 */
#include <flask/audit_record.h>

#include <flask/text.h>
#include <xen/lib.h>

/* The numbers of <xsm/xsm.h> go into records as they are. */
#define SAME(have, ours) _Static_assert(BULKHEAD_AUDIT_HAVE_##have == XSM_AUDIT_##ours, "numbers")
SAME(domid, DOMID);
SAME(target, TARGET);
SAME(port, PORT);
SAME(gref, GREF);
SAME(frame, FRAME);
SAME(irq, IRQ);
SAME(device, DEVICE);
SAME(range, RANGE);
SAME(op, OP);
SAME(boolean, BOOLEAN);
_Static_assert(BULKHEAD_AUDIT_would == XSM_REVOKE_WOULD, "numbers");
_Static_assert(BULKHEAD_AUDIT_report == XSM_REVOKE_REPORT, "numbers");
_Static_assert(BULKHEAD_AUDIT_drain == XSM_REVOKE_DRAIN, "numbers");
_Static_assert(BULKHEAD_AUDIT_drop == XSM_REVOKE_DROP, "numbers");

static void start(struct bulkhead_audit_record *rec, uint64_t now, uint8_t kind)
{
    memset(rec, 0, sizeof(*rec));
    rec->time_ns = now;
    rec->kind = kind;
}

/* Whole words only: half a name could be another permission's. */
static void put_permissions(char *buf, size_t size, uint16_t tclass, uint32_t bits)
{
    struct text t = { .buf = buf, .size = size };

    for (; bits != 0; bits &= bits - 1) {
        const char *name = xsm_permission_name(tclass, (unsigned int)__builtin_ctz(bits));
        size_t gap = t.length != 0;

        if (name != NULL && t.length + gap + strlen(name) < size) {
            text_add(&t, gap != 0 ? " " : "");
            text_add(&t, name);
        }
    }
}

static void put_text(char *buf, size_t size, const char *s)
{
    struct text t = { .buf = buf, .size = size };

    text_untrusted(&t, s);
}

/* The caller has filled what it names in `have`; the rest may be anything that was on its stack. */
static void put_object(struct bulkhead_audit_record *rec, const struct xsm_audit *o)
{
#define COPY(bit, field)                                                                           \
    do {                                                                                           \
        if ((o->have & (bit)) != 0) {                                                              \
            rec->field = o->field;                                                                 \
            rec->have |= (bit);                                                                    \
        }                                                                                          \
    } while (0)
    COPY(XSM_AUDIT_DOMID, domid);
    COPY(XSM_AUDIT_TARGET, target);
    COPY(XSM_AUDIT_PORT, port);
    COPY(XSM_AUDIT_GREF, gref);
    COPY(XSM_AUDIT_FRAME, frame);
    COPY(XSM_AUDIT_IRQ, irq);
    COPY(XSM_AUDIT_DEVICE, device);
    COPY(XSM_AUDIT_RANGE, range_first);
    COPY(XSM_AUDIT_RANGE, range_last);
#undef COPY
    if ((o->have & XSM_AUDIT_OP) != 0 && o->op != NULL) {
        put_text(rec->op, sizeof(rec->op), o->op);
        rec->have |= XSM_AUDIT_OP;
    }
    if ((o->have & XSM_AUDIT_BOOLEAN) != 0 && o->boolean != NULL) {
        put_text(rec->boolean, sizeof(rec->boolean), o->boolean);
        rec->have |= XSM_AUDIT_BOOLEAN;
    }
}

void audit_record_event(struct bulkhead_audit_record *rec, uint64_t now, const struct audit_event *ev)
{
    const char *class_name = xsm_class_name(ev->tclass);

    start(rec, now, ev->revoked ? BULKHEAD_AUDIT_revoked :
                    ev->denied  ? BULKHEAD_AUDIT_denied :
                                  BULKHEAD_AUDIT_granted);
    rec->ssid = ev->ssid;
    rec->tsid = ev->tsid;
    rec->tclass = ev->tclass;
    rec->permissions = ev->permissions;
    rec->allowed = !ev->denied && !ev->revoked ? 1 : ev->permissive;
    rec->permissive = ev->permissive;
    rec->how = ev->revoked ? (uint8_t)ev->how : 0;
    if (class_name != NULL) {
        put_text(rec->class_name, sizeof(rec->class_name), class_name);
    }
    put_permissions(rec->permission_names, sizeof(rec->permission_names), ev->tclass,
                    ev->permissions);
    put_object(rec, ev->object);
}

void audit_record_loss(struct bulkhead_audit_record *rec, uint64_t now,
                       const struct xsm_audit_source *s, uint64_t lost)
{
    uint32_t after = __atomic_load_n(&s->domid_after, __ATOMIC_RELAXED);

    start(rec, now, BULKHEAD_AUDIT_lost);
    rec->ssid = __atomic_load_n(&s->ssid, __ATOMIC_RELAXED);
    rec->count = lost;
    if (after != 0) {
        rec->domid = (uint16_t)(after - 1);
        rec->have = XSM_AUDIT_DOMID;
    }
}

void audit_record_mode(struct bulkhead_audit_record *rec, uint64_t now, bool enforcing)
{
    start(rec, now, BULKHEAD_AUDIT_mode);
    rec->permissive = !enforcing;
}

void audit_record_policy(struct bulkhead_audit_record *rec, uint64_t now, const char *what,
                         uint64_t seqno)
{
    start(rec, now, BULKHEAD_AUDIT_policy);
    put_text(rec->op, sizeof(rec->op), what);
    rec->have = XSM_AUDIT_OP;
    rec->count = seqno;
    rec->permissive = !xsm_enforcing();
}
