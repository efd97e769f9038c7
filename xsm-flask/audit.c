/* SPDX-License-Identifier: Apache-2.0 */
#include <flask/audit.h>

#include <flask/audit_record.h>
#include <flask/audit_ring.h>
#include <flask/env.h>
#include <flask/services.h>
#include <flask/sidtab.h>
#include <flask/text.h>
#include <xen/lib.h>

static void add_number(struct text *t, const char *key, uint64_t value, unsigned int base)
{
    text_char(t, ' ');
    text_add(t, key);
    text_add(t, base == 16 ? "=0x" : "=");
    text_uint(t, value, base);
}

static void add_untrusted(struct text *t, const char *key, const char *value)
{
    text_char(t, ' ');
    text_add(t, key);
    text_char(t, '=');
    text_untrusted(t, value);
}

/* Segment, bus, device and function the way lspci writes them. */
static void add_device(struct text *t, uint32_t sbdf)
{
    static const char digits[] = "0123456789abcdef";
    int shift;

    text_add(t, " device=");
    for (shift = 28; shift >= 8; shift -= 4) {
        text_char(t, digits[sbdf >> shift & 15]);
        if (shift == 16 || shift == 8) {
            text_char(t, ':');
        }
    }
    text_char(t, digits[sbdf >> 7 & 1]);
    text_char(t, digits[sbdf >> 3 & 15]);
    text_char(t, '.');
    text_char(t, digits[sbdf & 7]);
}

static void add_object(struct text *t, const struct xsm_audit *o)
{
    if ((o->have & XSM_AUDIT_DOMID) != 0) {
        add_number(t, "domid", o->domid, 10);
    }
    if ((o->have & XSM_AUDIT_TARGET) != 0) {
        add_number(t, "target", o->target, 10);
    }
    if ((o->have & XSM_AUDIT_PORT) != 0) {
        add_number(t, "port", o->port, 10);
    }
    if ((o->have & XSM_AUDIT_GREF) != 0) {
        add_number(t, "gref", o->gref, 10);
    }
    if ((o->have & XSM_AUDIT_FRAME) != 0) {
        add_number(t, "frame", o->frame, 16);
    }
    if ((o->have & XSM_AUDIT_IRQ) != 0) {
        add_number(t, "irq", o->irq, 10);
    }
    if ((o->have & XSM_AUDIT_DEVICE) != 0) {
        add_device(t, o->device);
    }
    if ((o->have & XSM_AUDIT_RANGE) != 0) {
        add_number(t, "range", o->range_first, 16);
        text_add(t, "-0x");
        text_uint(t, o->range_last, 16);
    }
    if ((o->have & XSM_AUDIT_OP) != 0 && o->op != NULL) {
        add_untrusted(t, "op", o->op);
    }
    if ((o->have & XSM_AUDIT_BOOLEAN) != 0 && o->boolean != NULL) {
        add_untrusted(t, "bool", o->boolean);
    }
}

/* Bits that are no permission of the class are shown as numbers. */
static void add_permissions(struct text *t, uint16_t tclass, uint32_t bits)
{
    text_add(t, "{ ");
    for (; bits != 0; bits &= bits - 1) {
        unsigned int bit = (unsigned int)__builtin_ctz(bits);
        const char *name = xsm_permission_name(tclass, bit);

        if (name != NULL) {
            text_add(t, name);
        } else {
            text_add(t, "0x");
            text_uint(t, (uint64_t)1 << bit, 16);
        }
        text_char(t, ' ');
    }
    text_char(t, '}');
}

/* " key=context"; the policy lock is held. */
static void add_context(struct text *t, const char *key, xsm_sid_t sid)
{
    const struct context *c = current_policy != NULL ? sidtab_context(sid) : NULL;
    bool fits;

    text_char(t, ' ');
    text_add(t, key);
    if (c == NULL) {
        text_uint(t, sid, 10);   /* "ssid=7": nothing better is known */
        return;
    }
    fits = t->length < t->size;
    t->length += context_format(&current_policy->db, c, fits ? t->buf + t->length : NULL,
                                fits ? t->size - t->length : 0) - 1;
}

static bool known(xsm_sid_t sid)
{
    return current_policy != NULL && sidtab_context(sid) != NULL;
}

static const char *const revocation_names[] = {
    [XSM_REVOKE_WOULD] = "would",
    [XSM_REVOKE_REPORT] = "report",
    [XSM_REVOKE_DRAIN] = "drain",
    [XSM_REVOKE_DROP] = "drop",
};

static void format_event(struct text *t, const struct audit_event *ev)
{
    const char *class_name = xsm_class_name(ev->tclass);

    text_add(t, "avc:  ");
    text_add(t, ev->revoked ? "revoked  " : ev->denied ? "denied  " : "granted  ");
    add_permissions(t, ev->tclass, ev->permissions);
    text_add(t, " for");
    add_object(t, ev->object);
    add_context(t, known(ev->ssid) ? "scontext=" : "ssid=", ev->ssid);
    add_context(t, known(ev->tsid) ? "tcontext=" : "tsid=", ev->tsid);
    text_add(t, " tclass=");
    if (class_name != NULL) {
        text_add(t, class_name);
    } else {
        text_uint(t, ev->tclass, 10);
    }
    if (ev->denied) {
        text_add(t, ev->permissive ? " permissive=1" : " permissive=0");
    }
    if (ev->revoked) {
        text_add(t, " how=");
        text_add(t, revocation_names[ev->how]);
    }
}

/* Those who name no source: the hypervisor itself, while it builds domains. */
static struct xsm_audit_source shared_source;

/* Lines of all together: a serial line takes some 40 long ones a second, and whoever prints waits for it. */
static struct xsm_audit_limit console_share;

static void emit_loss(const struct xsm_audit_source *s, uint64_t lost, const char *of, char *buf, size_t size)
{
    xsm_sid_t ssid = __atomic_load_n(&s->ssid, __ATOMIC_RELAXED);
    struct text t = { .buf = buf, .size = size };

    text_add(&t, "avc:  lost ");
    text_uint(&t, lost, 10);
    text_add(&t, " messages");
    xsm_env_lock();
    add_context(&t, known(ssid) ? "scontext=" : "ssid=", ssid);
    xsm_env_unlock();
    text_add(&t, of);
    xsm_env_audit(buf);
}

/* Of a trace whenever somebody looks: its window is long, and a log that ends in it must not look whole. */
static void report_untraced(struct xsm_audit_source *s, char *buf, size_t size)
{
    uint64_t lines = audit_limit_lost(&s->trace, UINT64_MAX);

    if (lines != 0) {
        emit_loss(s, lines, " traced", buf, size);
    }
}

/* ended: the source has no window any more in which it may go on losing. */
static void report_losses(struct xsm_audit_source *s, uint64_t now, bool ended, char *buf, size_t size)
{
    uint64_t lines = audit_limit_lost(&s->console, ended ? UINT64_MAX : now);
    uint64_t records = audit_limit_lost(&s->ring, ended ? UINT64_MAX : now);
    struct bulkhead_audit_record rec;

    if (records != 0) {
        audit_record_loss(&rec, now, s, records);
        audit_ring_write(&rec);
    }
    if (lines != 0) {
        emit_loss(s, lines, "", buf, size);
    }
}

/* Whose was it that did not fit? */
static void remember(struct xsm_audit_source *s, const struct audit_event *ev)
{
    __atomic_store_n(&s->ssid, ev->ssid, __ATOMIC_RELAXED);
    __atomic_store_n(&s->domid_after, (ev->object->have & XSM_AUDIT_DOMID) != 0 ? ev->object->domid + 1U : 0,
                     __ATOMIC_RELAXED);
}

static bool record_fits(struct xsm_audit_source *s, uint64_t now, const struct audit_event *ev)
{
    if (audit_limit_take(&s->ring, now, AUDIT_RECORDS_PER_WINDOW)) {
        return true;
    }
    remember(s, ev);
    return false;
}

static bool line_fits(struct xsm_audit_source *s, uint64_t now, const struct audit_event *ev)
{
    if (audit_limit_take(&s->console, now, AUDIT_LINES_PER_WINDOW)) {
        if (audit_limit_take(&console_share, now, AUDIT_LINES_OF_ALL)) {
            return true;
        }
        __atomic_fetch_add(&s->console.lost, 1, __ATOMIC_RELAXED);
    }
    remember(s, ev);
    return false;
}

static bool trace_fits(struct xsm_audit_source *s, uint64_t now, const struct audit_event *ev)
{
    if (audit_limit_take_in(&s->trace, now, AUDIT_TRACE_WINDOW_NS, AUDIT_TRACE_LINES)) {
        return true;
    }
    remember(s, ev);
    return false;
}

static void emit_record(struct xsm_audit_source *s, uint64_t now, const struct audit_event *ev)
{
    struct bulkhead_audit_record rec;

    if (record_fits(s, now, ev)) {
        audit_record_event(&rec, now, ev);
        audit_ring_write(&rec);
    } else {
        audit_ring_limited();
    }
}

/* The record has the question as it was asked, the lines have the words of the policy in force. */
bool audit_emit(const struct audit_event *ev, char *buf, size_t size)
{
    struct xsm_audit_source *s = ev->object->source != NULL ? ev->object->source : &shared_source;
    struct audit_event line = *ev;
    uint32_t left = ev->permissions;
    uint64_t now = xsm_env_now_ns();
    bool whole = true;

    if (left == 0) {
        return true;
    }
    if (!ev->traced) {
        report_losses(s, now, false, buf, size);
        emit_record(s, now, ev);
    }
    while (left != 0) {
        struct text t = { .buf = buf, .size = size };
        struct class_bits words;
        bool room;

        xsm_env_lock();
        words = class_in_words(current_policy != NULL ? &current_policy->maps : NULL, ev->tclass, &left);
        xsm_env_unlock();
        line.tclass = words.tclass;
        line.permissions = words.permissions;
        room = ev->traced ? trace_fits(s, now, &line) : line_fits(s, now, &line);
        whole = whole && room;
        if (room) {
            xsm_env_lock();
            format_event(&t, &line);
            xsm_env_unlock();
            xsm_env_audit(buf);
        }
    }
    return whole;
}

void xsm_audit_revocation(xsm_sid_t ssid, xsm_sid_t tsid, uint16_t tclass, uint32_t permissions,
                          enum xsm_revocation how, const struct xsm_audit *audit)
{
    const struct audit_event ev = {
        .ssid = ssid, .tsid = tsid, .tclass = tclass, .permissions = permissions,
        .revoked = true, .how = how, .object = audit,
    };
    char line[1280];

    (void)audit_emit(&ev, line, sizeof(line));
}

void xsm_audit_flush(struct xsm_audit_source *s)
{
    char buf[320];

    s = s != NULL ? s : &shared_source;
    report_losses(s, xsm_env_now_ns(), false, buf, sizeof(buf));
    report_untraced(s, buf, sizeof(buf));
}

void xsm_audit_source_end(struct xsm_audit_source *s)
{
    char buf[320];

    report_losses(s, xsm_env_now_ns(), true, buf, sizeof(buf));
    report_untraced(s, buf, sizeof(buf));
}

void audit_mode(bool enforcing)
{
    struct bulkhead_audit_record rec;

    audit_record_mode(&rec, xsm_env_now_ns(), enforcing);
    audit_ring_write(&rec);
}

void audit_policy(const char *what, uint64_t seqno)
{
    struct bulkhead_audit_record rec;

    audit_record_policy(&rec, xsm_env_now_ns(), what, seqno);
    audit_ring_write(&rec);
}

void audit_fini(void)
{
    shared_source = (struct xsm_audit_source){ 0 };
    console_share = (struct xsm_audit_limit){ 0 };
}
