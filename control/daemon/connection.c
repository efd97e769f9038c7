/* SPDX-License-Identifier: Apache-2.0 */
#include "connection.h"

#include <unistd.h>

#define STORE_MS 5000 /* for one answer of XenStore */

static struct store connection;

struct store *connection_store(void)
{
    if (connection.patience_ms == 0) {
        connection.fd = -1;
    }
    if (connection.fd < 0) {
        if (access("/dev/xen/xenbus", R_OK | W_OK) != 0 || store_open(&connection) != 0) {
            connection.fd = -1;
            return NULL;
        }
        connection.patience_ms = STORE_MS;
    }
    return &connection;
}

void connection_done(void)
{
    if (connection.patience_ms != 0) {
        store_close(&connection);
    }
}
