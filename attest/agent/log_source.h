/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_LOG_SOURCE_H
#define AGENT_LOG_SOURCE_H

#include <attest/message.h>

/**
 * Read the whole event log: from the file `path`, or from the hypervisor when path is NULL
 * (bulkhead_op log_read through /dev/xen/privcmd).
 * @return 0 or -errno with err
 */
int log_source_read(const char *path, struct bytes *log, struct attest_error *err);

#endif /* AGENT_LOG_SOURCE_H */
