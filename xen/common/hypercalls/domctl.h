/* SPDX-License-Identifier: Apache-2.0 */
/* Handlers that domctl rows and those of other families share. */
#ifndef HYPERCALLS_DOMCTL_H
#define HYPERCALLS_DOMCTL_H

#include <xen/hypercall_row.h>

#include <public/domctl.h>

/** decode: the domain that the structure names. */
int domctl_target_decode(struct call *c);
/** What XEN_DOMCTL_getdomaininfo tells of a domain. */
void domctl_info(struct domain *d, struct xen_domctl_getdomaininfo *info);

/* -- domctl_device.c: giving hardware away ---------------------------------------------------------- */

/** decode of *_permission and *_mapping: giving or taking, as the structure says, is what is asked about. */
int domctl_give_decode(struct call *c);
/** Asks about each label in the range given or taken, then answers as absent. */
long domctl_give_act(struct call *c);
/** decode of operations on one PCI function or physical interrupt: its label is the object. */
int domctl_device_decode(struct call *c);
/** Give the PCI function, take it back, or say whether it could be given. */
long domctl_assign_act(struct call *c);
long domctl_deassign_act(struct call *c);

#endif
