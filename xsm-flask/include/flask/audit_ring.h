/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Audit records in memory, one ring for each CPU, which alone writes it: struct bulkhead_audit_record, numbered,
 * each bearing the hash of the one before. A reader on another CPU copies first and looks then whether
 * the writer has been there meanwhile; it never holds the writer up. What is overwritten shows as a gap in
 * the numbers, what a limit kept out as a record of its own.
 *
 * The hash is computed as a record is written, some 14,000 instructions: limits bound how often that is, a
 * tenth of a percent of a CPU for a domain that is refused all the time, and the domain pays with its own time.
 * A hash computed later could only say what the record was then.
 */
#ifndef FLASK_AUDIT_RING_H
#define FLASK_AUDIT_RING_H

#include <public/bulkhead.h>

/* With its header a ring of 256 KiB; a power of two would take twice that of a buddy allocator. */
#define AUDIT_RING_SLOTS 1023U
/* Records that can be read: one slot is the one being written. */
#define AUDIT_RING_RECORDS (AUDIT_RING_SLOTS - 1)

/** @return 0; -ENOMEM */
int audit_ring_init(unsigned int cpu_count);
void audit_ring_fini(void);

/**
 * Write a record on this CPU. Without rings, before xsm_init(), nothing happens.
 *
 * @param rec  all but previous, seq, cpu and version, which are set here
 */
void audit_ring_write(struct bulkhead_audit_record *rec);

/** Count an event of this CPU that gets no record. */
void audit_ring_limited(void);

#endif
