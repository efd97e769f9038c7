/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold between the values of a description; fills in what is derived from several. */
#ifndef BH_BUILD_HOST_CHECK_H
#define BH_BUILD_HOST_CHECK_H

#include "host.h"

/**
 * Check everything that involves more than one value, sort the domains by domid, resolve backends,
 * give start orders and hardware addresses to what has none.
 */
void host_check(struct host *host, const char *const *kinds, size_t kind_count,
                struct diag *diag);

/** Its part about what connects domains: disks and interfaces against one another. */
void host_check_links(const struct host *host, struct diag *diag);

/** Words of the command line of `bh build` behind the description's for the hypervisor. @return false: reported */
bool host_hypervisor_add(struct host *host, const char *words, struct diag *diag);

#endif
