/* SPDX-License-Identifier: Apache-2.0 */
#include "watchdog.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/watchdog.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SECONDS_MIN 3
#define SECONDS_MAX 600

static int device = -1;
static int period;

int watchdog_start(const char *text)
{
    char *end;
    long seconds = strtol(text, &end, 10);
    int timeout = (int)seconds;

    if (*end != '\0' || seconds < SECONDS_MIN || seconds > SECONDS_MAX) {
        errno = EINVAL;
        return -1;
    }
    if (device < 0) {
        device = open("/dev/watchdog", O_WRONLY | O_CLOEXEC);
    }
    if (device < 0 || ioctl(device, WDIOC_SETTIMEOUT, &timeout) < 0) {
        return -1;
    }
    period = (int)seconds / 3;
    return 0;
}

void watchdog_pet(void)
{
    if (device >= 0) {
        (void)!write(device, "", 1);
    }
}

int watchdog_wait(void)
{
    return device >= 0 && period != 0 ? period : 60;
}
