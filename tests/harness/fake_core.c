/* SPDX-License-Identifier: Apache-2.0 */
#include "fake.h"

#include <xen/time.h>
#include <xen/timer.h>

_Thread_local struct vcpu *fake_current;
uint64_t fake_now_ns, fake_now_step_ns;
bool fake_preempt;
int fake_preempt_after;
unsigned fake_raised;
struct vcpu *fake_raised_last;
bool fake_expect_panic;
struct timer *fake_timer;
char fake_log[4096];

void fake_core_reset(void)
{
    fake_current = NULL;
    fake_now_ns = 1000;
    fake_now_step_ns = 0;
    fake_preempt = false;
    fake_preempt_after = 0;
    fake_raised = 0;
    fake_raised_last = NULL;
    fake_expect_panic = false;
    fake_timer = NULL;
    fake_log[0] = '\0';
}

struct vcpu *current_vcpu(void)
{
    return fake_current;
}

uint64_t time_now_ns(void)
{
    return fake_now_ns += fake_now_step_ns;
}

uint64_t time_wallclock_boot_s(void)
{
    return 1700000000;
}

void printk(enum log_level level, const char *fmt, ...)
{
    size_t used = strlen(fake_log);
    va_list ap;

    (void)level;
    va_start(ap, fmt);
    vsnprintf(fake_log + used, sizeof(fake_log) - used, fmt, ap);
    va_end(ap);
    used = strlen(fake_log);
    if (used + 2 < sizeof(fake_log)) {
        fake_log[used] = '\n';
        fake_log[used + 1] = '\0';
    }
}

void panic(const char *fmt, ...)
{
    va_list ap;

    if (fake_expect_panic) {
        exit(0);
    }
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    abort();
}

void timer_init(struct timer *t, void (*fn)(void *), void *arg)
{
    *t = (struct timer){ .fn = fn, .arg = arg };
}

void timer_set(struct timer *t, uint64_t expires_ns)
{
    t->expires_ns = expires_ns;
    t->armed = true;
    fake_timer = t;
}

void timer_kill(struct timer *t)
{
    timer_stop(t);
}

void timer_stop(struct timer *t)
{
    t->armed = false;
}

void vcpu_wake(struct vcpu *v, uint32_t flag)
{
    v->sched.pause_flags &= ~flag;
}

void vcpu_sleep(struct vcpu *v, uint32_t flag)
{
    v->sched.pause_flags |= flag;
}

void vcpu_block(struct vcpu *v)
{
    v->sched.pause_flags |= VCPU_PAUSE_BLOCKED;
}

void vcpu_yield(struct vcpu *v)
{
    (void)v;
}

void vcpu_events_raise(struct vcpu *v)
{
    fake_raised++;
    fake_raised_last = v;
    v->sched.pause_flags &= ~VCPU_PAUSE_BLOCKED;
}
