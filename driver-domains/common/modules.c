/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Module loading with finit_module(2). The image builder has put dependencies before dependents, so
 * no dependency data is needed here.
 */
#include "modules.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int module_load_file(const char *path, const char *options)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        return -1;
    }
    long rc = syscall(SYS_finit_module, fd, options, 0);
    int error = errno;

    close(fd);
    errno = error;
    return rc == 0 || error == EEXIST ? 0 : -1;
}

/* "/lib/modules/x/xen-blkback.ko" -> "xen-blkback" */
static int module_name(const char *path, char *name, size_t size)
{
    const char *base = strrchr(path, '/');

    base = base != NULL ? base + 1 : path;
    size_t length = strcspn(base, ".");

    if (length == 0 || length >= size) {
        return -1;
    }
    memcpy(name, base, length);
    name[length] = '\0';
    return 0;
}

static int module_load(const char *word, const struct conf *conf)
{
    char path[256];
    char name[64];
    char options[256];
    int n = word[0] == '/' ? snprintf(path, sizeof(path), "%s", word)
                           : snprintf(path, sizeof(path), "/lib/modules/%s.ko", word);

    if (n < 0 || (size_t)n >= sizeof(path) || module_name(path, name, sizeof(name)) < 0) {
        errno = ENAMETOOLONG;
        return -1;
    }
    if (conf_module_options(conf, name, options, sizeof(options)) < 0) {
        errno = E2BIG;
        return -1;
    }
    return module_load_file(path, options);
}

unsigned int modules_load(const char *list, const struct conf *conf)
{
    FILE *file = fopen(list, "re");
    char line[512];
    unsigned int failed = 0;

    if (file == NULL) {
        return 0;
    }
    while (fgets(line, sizeof(line), file) != NULL) {
        char *word = line + strspn(line, " \t");

        word[strcspn(word, " \t\r\n")] = '\0';
        if (word[0] == '\0' || word[0] == '#') {
            continue;
        }
        if (module_load(word, conf) < 0) {
            int error = errno;

            fprintf(stderr, "init: module %s: %s\n", word, strerror(error));
            /* ENODEV: the hardware is absent, as of one among several accelerators. */
            failed += error != ENODEV;
        }
    }
    fclose(file);
    return failed;
}
