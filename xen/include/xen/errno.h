/* SPDX-License-Identifier: Apache-2.0 */
/* Error numbers: the values of the guest ABI (public/errno.h), under their plain names. */
#ifndef XEN_ERRNO_H
#define XEN_ERRNO_H

#ifdef BULKHEAD_HOST
#include <errno.h>
#ifndef ERESTART
#define ERESTART 85
#endif
#else
#define XEN_ERRNO(name, value) name = value,
enum {
#include <public/errno.h>
    ERESTART = 85, /* internal: published for hypervisors only */
};
#undef XEN_ERRNO
#endif

#endif
