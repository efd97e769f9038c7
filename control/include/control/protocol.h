/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `bh` and the control domain say to each other. Frames as those of evidence (attest/frame.h), with letters and a bound of
 * their own; JSON objects in them. A request has "version", "id", "op" and what the operation takes; the reply has the
 * "id", "ok", and "error" with "code" when that is false. control/README.md lists the operations.
 */
#ifndef CONTROL_PROTOCOL_H
#define CONTROL_PROTOCOL_H

#include <attest/frame.h>

#define CONTROL_VERSION 1
#define CONTROL_FRAME_MAX (64u * 1024u)
#define CONTROL_PORT "4434"

/* "code" of a reply that is not ok. */
#define CONTROL_DENIED "denied"   /* the policy does not let the operator's role do it */
#define CONTROL_REFUSED "refused" /* the hypervisor or the store did not do it */
#define CONTROL_INVALID "invalid" /* the request makes no sense, or names what is not there */

#define CONTROL_WORD_MAX 63 /* of an operator's name, a role, a domain */

/** The form of frames on a control stream. */
extern const struct frame_form control_form;

/** A word of letters, digits and . _ - @, 1 to CONTROL_WORD_MAX of them; nothing that a log or a path could take for more. */
int control_word_is_good(const char *word);

#endif
