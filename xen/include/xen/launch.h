/* SPDX-License-Identifier: Apache-2.0 */
/* From modules to running domains: manifest or legacy mode. */
#ifndef XEN_LAUNCH_H
#define XEN_LAUNCH_H

#include <xen/boot.h>

/** Load the policy the modules name (or the built-in one in legacy mode), before the first domain exists. Panics with one line on error. */
void launch_policy(const struct boot_info *bi);
/** Build, measure and start every domain. Panics with one line that names the module and node on error. */
void launch_domains(const struct boot_info *bi);

#endif
