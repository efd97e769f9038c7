/* SPDX-License-Identifier: Apache-2.0 */
/* `bh` with the verbs for a running host alone: small enough for a test's ramdisk. */
#include <stdio.h>
#include <string.h>

#include "bh/verbs.h"

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: control-client VERB ...\n");
        return BH_EXIT_USAGE;
    }
    return strcmp(argv[1], "control") == 0 ? control_keys_main(argc - 1, argv + 1) : control_main(argc - 1, argv + 1);
}
