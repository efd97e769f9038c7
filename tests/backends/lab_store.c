/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the value of a XenStore node: store PATH. Status 1: it cannot be read. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../../driver-domains/common/store.h"

int main(int argc, char **argv)
{
    static struct store store;
    static char value[STORE_PAYLOAD_MAX + 1];

    if (argc != 2 || store_open(&store) < 0 || store_read(&store, argv[1], value, sizeof(value)) < 0) {
        fprintf(stderr, "store: %s: %s\n", argc == 2 ? argv[1] : "PATH", strerror(errno));
        return 1;
    }
    puts(value);
    return 0;
}
