/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAKE_LOG_H
#define FAKE_LOG_H

extern char fake_log_last[256]; /* the last printk line, without newline */

#endif /* FAKE_LOG_H */
