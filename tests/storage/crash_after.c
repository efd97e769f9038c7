/* SPDX-License-Identifier: Apache-2.0 */
/* crash-after SECONDS: this domain's kernel crashes then, with whatever is under way. The console says so before. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int fd = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);

    if (argc != 2 || fd < 0) {
        fprintf(stderr, "usage: crash-after SECONDS, with sysrq_always_enabled on the kernel's command line\n");
        return 2;
    }
    sleep((unsigned int)atoi(argv[1]));
    printf("CRASH now\n");
    fflush(stdout);
    return write(fd, "c", 1) == 1 ? 0 : 1;
}
