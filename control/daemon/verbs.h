/* SPDX-License-Identifier: Apache-2.0 */
/* The operations: each finds what it is about, has the policy asked, and then does it. */
#ifndef CONTROL_VERBS_H
#define CONTROL_VERBS_H

#include "session.h"

/**
 * @param reply  gets what the operation tells
 * @return 0; -EACCES policy; -EINVAL, -ENOENT the request; other -errno from hypervisor or store;
 *         err says it in words
 */
typedef int verb_fn(struct session *s, json_object *request, json_object *reply, struct attest_error *err);

verb_fn verb_status, verb_restart, verb_pause, verb_unpause;           /* verbs.c */
verb_fn verb_attach_disk, verb_detach_disk;                            /* devices.c */
verb_fn verb_attach_interface, verb_detach_interface;
verb_fn verb_attach_device, verb_detach_device;                        /* functions.c */
verb_fn verb_enroll_request, verb_enroll;                              /* enroll.c */

/** The domain that the request's field names, which every operation needs first. @return 0; -EINVAL, -ENOENT with err */
int verb_domain(json_object *request, const char *field, struct hyper_domain *d, struct attest_error *err);

#endif
