/* SPDX-License-Identifier: Apache-2.0 */
#include <attest/door.h>

void door_make(struct door *d, unsigned int inside_max, unsigned int burst, int refill_ms, int64_t now_ms)
{
    *d = (struct door){.inside_max = inside_max, .burst = burst, .refill_ms = refill_ms, .tokens = burst, .refilled = now_ms};
}

bool door_is_open(struct door *d, int64_t now_ms)
{
    int64_t more = (now_ms - d->refilled) / d->refill_ms;

    if (more > 0) {
        d->refilled += more * d->refill_ms;
        d->tokens = more >= (int64_t)(d->burst - d->tokens) ? d->burst : d->tokens + (unsigned int)more;
    }
    return d->inside < d->inside_max && d->tokens > 0;
}

void door_enter(struct door *d)
{
    d->inside++;
    d->tokens--;
}

void door_leave(struct door *d)
{
    d->inside--;
}

bool door_turn_away(struct door *d)
{
    d->turned_away++;
    return (d->turned_away & (d->turned_away - 1)) == 0;
}
