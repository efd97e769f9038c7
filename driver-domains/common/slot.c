/* SPDX-License-Identifier: Apache-2.0 */
#include "slot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATH_MAX_HERE 300
#define DRIVER_TRIES 20 /* of a tenth of a second: drivers are there already, some begin a little later */

#define SLOT_NAME "0000:00:%02x.0" /* one bus, one function a place: xen/include/xen/vpci.h */

static void device_path(char path[PATH_MAX_HERE], unsigned int slot, const char *file)
{
    snprintf(path, PATH_MAX_HERE, SLOT_SYSFS "/bus/pci/devices/" SLOT_NAME "%s", slot, file);
}

static int is_there(unsigned int slot)
{
    char path[PATH_MAX_HERE];

    device_path(path, slot, "");
    return access(path, F_OK) == 0;
}

static int order(const char *path)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    int good = fd >= 0 && write(fd, "1", 1) == 1;

    if (!good) {
        fprintf(stderr, "backendd: %s: %s\n", path, strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    return good ? 0 : -1;
}

static int remove_device(unsigned int slot)
{
    char path[PATH_MAX_HERE];

    device_path(path, slot, "/remove");
    return order(path) == 0 && !is_there(slot) ? 0 : -1;
}

/* Is that disk behind the place, and taken: mounted, part of a volume group, or served (claim.h)? */
static int disk_is_used(const char *name, unsigned int slot)
{
    char path[PATH_MAX_HERE], target[PATH_MAX_HERE], part[24];
    ssize_t n;
    int fd;

    snprintf(path, sizeof(path), SLOT_SYSFS "/block/%.64s", name);
    n = readlink(path, target, sizeof(target) - 1);
    target[n > 0 ? n : 0] = '\0';
    snprintf(part, sizeof(part), "/" SLOT_NAME "/", slot);
    if (strstr(target, part) == NULL) {
        return 0;
    }
    snprintf(path, sizeof(path), "/dev/%.64s", name);
    fd = open(path, O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return errno == EBUSY;
    }
    close(fd);
    return 0;
}

static int is_used(unsigned int slot)
{
    DIR *dir = opendir(SLOT_SYSFS "/block");
    int used = 0;

    for (struct dirent *e; dir != NULL && !used && (e = readdir(dir)) != NULL;) {
        used = e->d_name[0] != '.' && disk_is_used(e->d_name, slot);
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return used;
}

int slot_driver(unsigned int slot, char name[SLOT_DRIVER_MAX])
{
    char path[PATH_MAX_HERE], target[PATH_MAX_HERE];
    const char *last;
    ssize_t n;

    device_path(path, slot, "/driver");
    n = readlink(path, target, sizeof(target) - 1);
    if (n <= 0) {
        return -1;
    }
    target[n] = '\0';
    last = strrchr(target, '/');
    snprintf(name, SLOT_DRIVER_MAX, "%.31s", last != NULL ? last + 1 : target);
    return 0;
}

enum slot_result slot_attach(unsigned int slot)
{
    char driver[SLOT_DRIVER_MAX];

    /* One that was taken away without our letting go has left its shell, behind which the kernel sees nothing new. */
    if (is_there(slot) && is_used(slot)) {
        fprintf(stderr, "backendd: what was at " SLOT_NAME " before is in use\n", slot);
        return SLOT_BUSY;
    }
    if (is_there(slot) && remove_device(slot) < 0) {
        return SLOT_FAILED;
    }
    if (order(SLOT_SYSFS "/bus/pci/rescan") < 0) {
        return SLOT_FAILED;
    }
    if (!is_there(slot)) {
        fprintf(stderr, "backendd: nothing is at " SLOT_NAME "\n", slot);
        return SLOT_FAILED;
    }
    for (int i = 0; i < DRIVER_TRIES && slot_driver(slot, driver) < 0; i++) {
        usleep(100000);
    }
    return SLOT_DONE;
}

enum slot_result slot_detach(unsigned int slot, int force)
{
    if (!is_there(slot)) {
        return SLOT_DONE;
    }
    if (!force && is_used(slot)) {
        return SLOT_BUSY;
    }
    return remove_device(slot) == 0 ? SLOT_DONE : SLOT_FAILED;
}
