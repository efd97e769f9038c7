/* SPDX-License-Identifier: Apache-2.0 */
#include "fake.h"

#include <xen/errno.h>

#define EXCEPT_MAX 8

struct fake_question fake_questions[FAKE_QUESTIONS_MAX];
unsigned fake_question_count;
bool fake_allow_all;

static struct fake_question excepts[EXCEPT_MAX];
static unsigned except_count;

void fake_xsm_reset(void)
{
    fake_question_count = 0;
    fake_allow_all = true;
    except_count = 0;
}

void fake_xsm_except(xsm_sid_t source, xsm_sid_t object, uint16_t tclass, uint32_t perm)
{
    assert(except_count < EXCEPT_MAX);
    excepts[except_count++] =
        (struct fake_question){ .source = source, .object = object, .tclass = tclass, .perm = perm };
}

static bool allowed(xsm_sid_t source, xsm_sid_t object, uint16_t tclass, uint32_t perm)
{
    uint32_t hit = 0;

    if (source == XSM_SID_NULL || object == XSM_SID_NULL || tclass == 0 || perm == 0) {
        return false; /* as the engine: what has no label is never allowed */
    }
    for (unsigned i = 0; i < except_count; i++) {
        const struct fake_question *e = &excepts[i];

        if ((e->source == 0 || e->source == source) && (e->object == 0 || e->object == object) &&
            e->tclass == tclass) {
            hit |= e->perm;
        }
    }
    return fake_allow_all ? (perm & hit) == 0 : (perm & ~hit) == 0;
}

int xsm_check_some(xsm_sid_t ssid, xsm_sid_t tsid, uint32_t tclass, uint32_t requested,
                   const struct xsm_audit *audit)
{
    bool yes;
    unsigned n = __atomic_fetch_add(&fake_question_count, 1, __ATOMIC_RELAXED);

    tsid = tsid == XSM_SID_SELF ? fake_self_sid(ssid) : tsid;
    yes = allowed(ssid, tsid, (uint16_t)tclass, requested);
    if (n < FAKE_QUESTIONS_MAX) {
        fake_questions[n] = (struct fake_question){ ssid, tsid, (uint16_t)tclass, requested, yes,
                                                    audit != NULL ? audit->source : NULL };
    }
    if (fake_preempt_after > 0 && --fake_preempt_after == 0) {
        fake_preempt = true;
    }
    return yes ? 0 : -EACCES;
}

xsm_sid_t fake_channel_sid(xsm_sid_t a, xsm_sid_t b)
{
    return 0x10000 + a * 0x100 + (b & 0xff);
}

xsm_sid_t fake_self_offset; /* 0: no transition rule, a domain's own label */

xsm_sid_t fake_self_sid(xsm_sid_t a)
{
    return a + fake_self_offset;
}

int xsm_transition_sid(xsm_sid_t ssid, xsm_sid_t tsid, uint16_t tclass, xsm_sid_t *out)
{
    if (ssid == XSM_SID_NULL || tsid == XSM_SID_NULL) {
        return -EINVAL;
    }
    *out = tclass == SECCLASS_EVENT ? fake_channel_sid(ssid, tsid) : fake_self_sid(ssid);
    return 0;
}

int xsm_self_sid_find(struct xsm_self *cache, xsm_sid_t sid, xsm_sid_t *out)
{
    (void)cache; /* the offset may change at any time */
    return xsm_transition_sid(sid, sid, SECCLASS_DOMAIN, out);
}

bool fake_asked(xsm_sid_t source, xsm_sid_t object, uint16_t tclass, uint32_t perm, bool yes)
{
    for (unsigned i = 0; i < fake_question_count && i < FAKE_QUESTIONS_MAX; i++) {
        const struct fake_question *q = &fake_questions[i];

        if (q->source == source && q->object == object && q->tclass == tclass && q->perm == perm &&
            q->allowed == yes) {
            return true;
        }
    }
    return false;
}
