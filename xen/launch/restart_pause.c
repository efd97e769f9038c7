/* SPDX-License-Identifier: Apache-2.0 */
#include "restart.h"

#include <xen/lib.h>

void restart_begun(struct restart_state *s, uint64_t now_ns)
{
    s->began_ns = now_ns;
}

uint64_t restart_pause(struct restart_state *s, uint64_t now_ns, bool reboot)
{
    uint64_t pause = 0;

    if (reboot) {
        return now_ns - s->began_ns < RESTART_SHORT_NS ? RESTART_PAUSE_FIRST_NS : 0;
    }
    if (now_ns - s->began_ns >= RESTART_GOOD_NS) {
        s->streak = 0;
    }
    if (s->streak != 0) {
        pause = s->streak > 16 ? RESTART_PAUSE_MAX_NS : min(RESTART_PAUSE_FIRST_NS << (s->streak - 1),
                                                             RESTART_PAUSE_MAX_NS);
    }
    s->streak += s->streak <= 16;
    return pause;
}
