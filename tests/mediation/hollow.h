/* SPDX-License-Identifier: Apache-2.0 */
/* A machine with nothing in it: every contract that handlers call, counting each call that would have an effect. */
#ifndef MEDIATION_HOLLOW_H
#define MEDIATION_HOLLOW_H

#include <xen/mm.h>

extern unsigned hollow_effects;

/* One page of guest memory at HOLLOW_GFN, when the test sets it; counted references. */
#define HOLLOW_GFN 0x55
extern void *hollow_page;
extern struct page_info hollow_frames[2];

/* The console: what was written, what is to be read. */
extern char hollow_output[8192];
extern size_t hollow_output_size;
extern const char *hollow_input;

/* Labels of resources. */
#define HOLLOW_SID_IRQ 0x1000
#define HOLLOW_SID_DEVICE 0x2000
#define HOLLOW_SID_LOW 0x3000
#define HOLLOW_SID_HIGH 0x3001

#endif
