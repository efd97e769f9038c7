/* SPDX-License-Identifier: Apache-2.0 */
#include "channel.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <public/xen.h> /* before evtchn.h, which uses its domid_t */
#include <public/evtchn.h>

int channel_open(void)
{
    return open("/dev/xen/evtchn", O_RDWR | O_CLOEXEC | O_NONBLOCK);
}

int channel_bind(int fd, unsigned int domid, unsigned int port)
{
    struct ioctl_evtchn_bind_interdomain bind = { .remote_domain = domid, .remote_port = port };

    return ioctl(fd, IOCTL_EVTCHN_BIND_INTERDOMAIN, &bind);
}

void channel_unbind(int fd, unsigned int port)
{
    struct ioctl_evtchn_unbind unbind = { .port = port };

    (void)ioctl(fd, IOCTL_EVTCHN_UNBIND, &unbind);
}

void channel_notify(int fd, unsigned int port)
{
    struct ioctl_evtchn_notify notify = { .port = port };

    (void)ioctl(fd, IOCTL_EVTCHN_NOTIFY, &notify);
}

size_t channel_events(int fd, uint32_t *ports, size_t max)
{
    ssize_t n = read(fd, ports, max * sizeof(ports[0]));

    return n < 0 ? 0 : (size_t)n / sizeof(ports[0]);
}

void channel_ready(int fd, const uint32_t *ports, size_t count)
{
    /* A port that was unbound meanwhile is passed over by the kernel. */
    ssize_t n = write(fd, ports, count * sizeof(ports[0]));

    (void)n;
}
