/* SPDX-License-Identifier: Apache-2.0 */
/* The content of audit records; struct bulkhead_audit_record says what each field means. */
#ifndef FLASK_AUDIT_RECORD_H
#define FLASK_AUDIT_RECORD_H

#include <flask/audit.h>
#include <public/bulkhead.h>

/* Each fills all of *rec but what the ring sets. */
void audit_record_event(struct bulkhead_audit_record *rec, uint64_t now, const struct audit_event *ev);
void audit_record_loss(struct bulkhead_audit_record *rec, uint64_t now,
                       const struct xsm_audit_source *s, uint64_t lost);
void audit_record_mode(struct bulkhead_audit_record *rec, uint64_t now, bool enforcing);
void audit_record_policy(struct bulkhead_audit_record *rec, uint64_t now, const char *what,
                         uint64_t seqno);

#endif
