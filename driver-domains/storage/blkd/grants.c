/* SPDX-License-Identifier: Apache-2.0 */
#include "grants.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <public/gntdev.h>

#include "request.h"

#define BUCKETS 1024u

/* One mapping of the kernel's: pages next to each other. */
struct extent {
    uint64_t index;
    void *at;
    unsigned int count;
};

/* A page that stays. */
struct kept {
    struct extent extent;
    grant_ref_t ref;
    unsigned int users;
    struct kept *chain;             /* in its bucket, or of free ones */
    struct kept *newer, *older;     /* among those without a user */
};

struct grants {
    int fd;
    unsigned int domid;
    bool persistent;
    struct extent ring;
    struct kept *bucket[BUCKETS];
    struct kept *free;
    struct kept *newest, *oldest;
    struct kept kept[GRANTS_KEPT_MAX];
};

/* -- mappings ------------------------------------------------------------------------------------- */

static int extent_map(struct grants *g, const grant_ref_t *refs, unsigned int count, int prot, struct extent *e)
{
    static union {
        struct ioctl_gntdev_map_grant_ref map;
        uint8_t room[sizeof(struct ioctl_gntdev_map_grant_ref)
                     + REQUEST_SEGMENTS_MAX * sizeof(struct ioctl_gntdev_grant_ref)];
    } op;
    struct ioctl_gntdev_grant_ref *list = (struct ioctl_gntdev_grant_ref *)(void *)(op.room
                                              + offsetof(struct ioctl_gntdev_map_grant_ref, refs));

    op.map.count = count;
    op.map.pad = 0;
    for (unsigned int i = 0; i < count; i++) {
        list[i] = (struct ioctl_gntdev_grant_ref){ .domid = g->domid, .ref = refs[i] };
    }
    if (ioctl(g->fd, IOCTL_GNTDEV_MAP_GRANT_REF, &op) < 0) {
        return -errno;
    }
    e->index = op.map.index;
    e->count = count;
    e->at = mmap(NULL, count * (size_t)PAGE_BYTES, prot, MAP_SHARED, g->fd, (off_t)e->index);
    if (e->at == MAP_FAILED) {
        struct ioctl_gntdev_unmap_grant_ref undo = { .index = e->index, .count = count };
        int error = errno;

        e->at = NULL;
        (void)ioctl(g->fd, IOCTL_GNTDEV_UNMAP_GRANT_REF, &undo);
        return -error;
    }
    return 0;
}

static void extent_unmap(struct grants *g, struct extent *e)
{
    struct ioctl_gntdev_unmap_grant_ref op = { .index = e->index, .count = e->count };

    if (e->at != NULL) {
        munmap(e->at, e->count * (size_t)PAGE_BYTES);
        (void)ioctl(g->fd, IOCTL_GNTDEV_UNMAP_GRANT_REF, &op);
        e->at = NULL;
    }
}

/* -- pages that stay ------------------------------------------------------------------------------ */

static struct kept **bucket_of(struct grants *g, grant_ref_t ref)
{
    return &g->bucket[ref % BUCKETS];
}

static struct kept *kept_find(struct grants *g, grant_ref_t ref)
{
    struct kept *k = *bucket_of(g, ref);

    while (k != NULL && k->ref != ref) {
        k = k->chain;
    }
    return k;
}

static void idle_add(struct grants *g, struct kept *k)
{
    k->newer = NULL;
    k->older = g->newest;
    *(g->newest != NULL ? &g->newest->newer : &g->oldest) = k;
    g->newest = k;
}

static void idle_remove(struct grants *g, struct kept *k)
{
    *(k->newer != NULL ? &k->newer->older : &g->newest) = k->older;
    *(k->older != NULL ? &k->older->newer : &g->oldest) = k->newer;
}

/* A place for one more: a free one, or that of the page least recently used. */
static struct kept *kept_place(struct grants *g)
{
    struct kept *k = g->free;

    if (k != NULL) {
        g->free = k->chain;
        return k;
    }
    k = g->oldest;
    if (k != NULL) {
        struct kept **at = bucket_of(g, k->ref);

        while (*at != k) {
            at = &(*at)->chain;
        }
        *at = k->chain;
        idle_remove(g, k);
        extent_unmap(g, &k->extent);
    }
    return k;
}

/* @return 0 and a user more; -EAGAIN all are in use; another negative errno */
static int kept_get(struct grants *g, grant_ref_t ref, struct kept **out)
{
    struct kept *k = kept_find(g, ref);
    int rc;

    if (k == NULL) {
        k = kept_place(g);
        if (k == NULL) {
            return -EAGAIN;
        }
        rc = extent_map(g, &ref, 1, PROT_READ | PROT_WRITE, &k->extent);
        if (rc != 0) {
            k->chain = g->free;
            g->free = k;
            return rc == -EAGAIN ? -EIO : rc;
        }
        k->ref = ref;
        k->users = 0;
        k->chain = *bucket_of(g, ref);
        *bucket_of(g, ref) = k;
    } else if (k->users == 0) {
        idle_remove(g, k);
    }
    k->users++;
    *out = k;
    return 0;
}

static void kept_put(struct grants *g, struct kept *k)
{
    if (--k->users == 0) {
        idle_add(g, k);
    }
}

/* -- of requests ---------------------------------------------------------------------------------- */

static int get_kept(struct grants *g, const grant_ref_t *refs, unsigned int count, void **at, void **keep)
{
    for (unsigned int i = 0; i < count; i++) {
        struct kept *k;
        int rc = kept_get(g, refs[i], &k);

        if (rc != 0) {
            grants_put(g, keep, i);
            return rc;
        }
        keep[i] = k;
        at[i] = k->extent.at;
    }
    return 0;
}

int grants_get(struct grants *g, const grant_ref_t *refs, unsigned int count, bool to_guest, void **at, void **keep)
{
    struct extent *e;
    int rc;

    if (g->persistent) {
        return get_kept(g, refs, count, at, keep);
    }
    e = malloc(sizeof(*e));
    rc = e == NULL ? -ENOMEM : extent_map(g, refs, count, PROT_READ | (to_guest ? PROT_WRITE : 0), e);
    if (rc != 0) {
        free(e);
        return rc == -EAGAIN ? -EIO : rc;
    }
    for (unsigned int i = 0; i < count; i++) {
        at[i] = (uint8_t *)e->at + i * (size_t)PAGE_BYTES;
    }
    keep[0] = e;
    return 0;
}

void grants_put(struct grants *g, void **keep, unsigned int count)
{
    if (count == 0) {
        return;
    }
    if (!g->persistent) {
        extent_unmap(g, keep[0]);
        free(keep[0]);
        return;
    }
    for (unsigned int i = 0; i < count; i++) {
        kept_put(g, keep[i]);
    }
}

void *grants_map_ring(struct grants *g, const grant_ref_t *refs, unsigned int count)
{
    int rc = extent_map(g, refs, count, PROT_READ | PROT_WRITE, &g->ring);

    errno = -rc;
    return rc == 0 ? g->ring.at : NULL;
}

struct grants *grants_open(unsigned int domid, bool persistent)
{
    struct grants *g = calloc(1, sizeof(*g));

    if (g == NULL) {
        return NULL;
    }
    g->fd = open("/dev/xen/gntdev", O_RDWR | O_CLOEXEC);
    if (g->fd < 0) {
        free(g);
        return NULL;
    }
    g->domid = domid;
    g->persistent = persistent;
    for (unsigned int i = 0; i < GRANTS_KEPT_MAX; i++) {
        g->kept[i].chain = g->free;
        g->free = &g->kept[i];
    }
    return g;
}

void grants_close(struct grants *g)
{
    if (g == NULL) {
        return;
    }
    for (unsigned int i = 0; i < GRANTS_KEPT_MAX; i++) {
        extent_unmap(g, &g->kept[i].extent);
    }
    extent_unmap(g, &g->ring);
    close(g->fd);
    free(g);
}
