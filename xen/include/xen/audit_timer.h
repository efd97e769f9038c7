/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XEN_AUDIT_TIMER_H
#define XEN_AUDIT_TIMER_H

/** Boot: from now on lost audit lines are counted on the console within a second. */
void audit_timer_start(void);

#endif
