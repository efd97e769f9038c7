/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../../../control/daemon/paths.h"
#include "../../../driver-domains/common/store.h"

struct fake_host fake_host;
struct control_paths control_paths;

/* A folder for the host's key and certificates, which goes with the test. */
static char folder[] = "/tmp/bh-control-test-XXXXXX", paths[4][64];

static void folder_remove(void)
{
    for (int i = 0; i < 4; i++) {
        (void)unlink(paths[i]);
    }
    (void)rmdir(folder);
}

static void folder_make(void)
{
    static const char *const names[] = { "ca.pem", "host.key", "host.pem", "lock" };

    if (paths[0][0] != '\0') {
        return;
    }
    if (mkdtemp(folder) == NULL) {
        abort();
    }
    for (int i = 0; i < 4; i++) {
        snprintf(paths[i], sizeof(paths[i]), "%s/%s", folder, names[i]);
    }
    control_paths = (struct control_paths){ .authority = paths[0], .key = paths[1], .certificate = paths[2],
                                             .lock = paths[3] };
    atexit(folder_remove);
}

void fake_host_reset(void)
{
    static const char *const names[] = { "xenstore", "stordd", "netdd", "control", "guest" };

    folder_make();
    fake_host = (struct fake_host){ .restarted = -1, .comes_back = true, .connects = true };
    for (uint32_t i = 0; i < 5; i++) {
        fake_host.domain[i] = (struct hyper_domain){
            .id = i + 1, .sid = i + 1, .vcpu_count = 1, .memory_kib = 4096, .start_count = 1, .restarts = i != 0 && i != 4,
        };
        snprintf(fake_host.domain[i].name, sizeof(fake_host.domain[i].name), "%s", names[i]);
    }
}

static int64_t skipped_ns; /* of the clock, by sleep that takes no time and by a XenStore that takes much */

int nanosleep(const struct timespec *want, struct timespec *left)
{
    (void)left;
    skipped_ns += want->tv_sec * 1000000000 + want->tv_nsec;
    return 0;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int rc = (int)syscall(SYS_clock_gettime, clock, now);
    int64_t ns = rc == 0 && clock == CLOCK_MONOTONIC ? now->tv_nsec + skipped_ns : now->tv_nsec;

    now->tv_sec += ns / 1000000000;
    now->tv_nsec = ns % 1000000000;
    return rc;
}

static bool answered; /* the peer has had a reply */

/* -- the hypervisor --------------------------------------------------------------------------------- */

int hyper_host(struct hyper_host *out)
{
    *out = (struct hyper_host){ .cpu_count = 2, .memory_kib = 1048576, .free_kib = 4096 };
    return 0;
}

int hyper_domains(struct hyper_domain *out, size_t max)
{
    for (size_t i = 0; i < 5 && i < max; i++) {
        out[i] = fake_host.domain[i];
    }
    return 5;
}

int hyper_domain(uint32_t id, struct hyper_domain *out)
{
    if (id < 1 || id > 5) {
        return -ESRCH;
    }
    *out = fake_host.domain[id - 1];
    return 0;
}

int hyper_self(uint32_t *id)
{
    *id = FAKE_CONTROL;
    return 0;
}

int hyper_pause(uint32_t id)
{
    fake_host.acts++;
    fake_host.domain[id - 1].state = HYPER_PAUSED;
    return fake_host.answer;
}

int hyper_unpause(uint32_t id)
{
    fake_host.acts++;
    fake_host.domain[id - 1].state = HYPER_RUNNING;
    return fake_host.answer;
}

int hyper_restart(uint32_t id)
{
    fake_host.acts++;
    fake_host.told_before_restart = answered;
    fake_host.restarted = (int)id;
    fake_host.domain[id - 1].start_count += fake_host.answer == 0 && fake_host.comes_back;
    return fake_host.answer;
}

/* Functions go into the first slot that is free, as on the domain's bus. */
int hyper_assign(uint32_t id, uint16_t function)
{
    struct hyper_domain *d = &fake_host.domain[id - 1];

    fake_host.acts++;
    for (int i = 0; i < 5; i++) {
        for (unsigned int k = 0; k < fake_host.domain[i].device_count; k++) {
            if (fake_host.domain[i].devices[k] == function) {
                return &fake_host.domain[i] == d ? -EEXIST : -EBUSY;
            }
        }
    }
    if (fake_host.answer == 0) {
        d->devices[d->device_count] = function;
        d->slots[d->device_count] = (uint8_t)(d->device_count + 1);
        d->device_count++;
    }
    return fake_host.answer;
}

int hyper_deassign(uint32_t id, uint16_t function)
{
    struct hyper_domain *d = &fake_host.domain[id - 1];

    fake_host.acts++;
    fake_host.asked_first = fake_host.questions != 0;
    if (d->device_count == 0 || d->devices[d->device_count - 1] != function) {
        return -ENODEV;
    }
    d->device_count -= fake_host.answer == 0;
    return fake_host.answer;
}

int hyper_context_to_sid(const char *context, uint32_t *sid)
{
    *sid = FAKE_ROLE_SID;
    return strcmp(context, "system_u:system_r:admin_operator_t") == 0 ? 0 : -EINVAL;
}

int hyper_sid_to_context(uint32_t sid, char context[HYPER_CONTEXT_MAX])
{
    snprintf(context, HYPER_CONTEXT_MAX, "u:r:t%u", sid);
    return 0;
}

int hyper_allowed(uint32_t ssid, uint32_t tsid, uint32_t *allowed)
{
    *allowed = ssid == FAKE_ROLE_SID && tsid < 16 ? fake_host.allowed[tsid] : 0;
    return 0;
}

bool hyper_permissive(void)
{
    return fake_host.permissive;
}

/* -- XenStore --------------------------------------------------------------------------------------- */

static struct fake_node *find(const char *path)
{
    for (unsigned int i = 0; i < fake_host.node_count; i++) {
        if (strcmp(fake_host.node[i].path, path) == 0) {
            return &fake_host.node[i];
        }
    }
    return NULL;
}

const struct fake_node *fake_node(const char *path)
{
    return find(path);
}

int store_open(struct store *store)
{
    (void)store;
    return 0;
}

void store_close(struct store *store)
{
    store->fd = -1;
}

/* There is one, whatever the machine has that the test runs on. */
int access(const char *path, int mode)
{
    return strcmp(path, "/dev/xen/xenbus") == 0 ? 0 : faccessat(AT_FDCWD, path, mode, 0);
}

/* Of stordd, to what it was asked: the nonce of the question, and `says`. */
static int domain_answers(char *value, size_t size)
{
    const struct fake_node *request = find("/local/domain/2/pci/request");
    char nonce[16] = "", text[512];

    if (request != NULL) {
        snprintf(nonce, sizeof(nonce), "%.8s", request->value);
        snprintf(fake_host.question, sizeof(fake_host.question), "%s", request->value + 9);
    }
    fake_host.questions++;
    skipped_ns += fake_host.look_ms * INT64_C(1000000);
    if (fake_host.says == NULL) {
        errno = ENOENT;
        return -1;
    }
    snprintf(text, sizeof(text), "%s%s", fake_host.says_nonce != NULL ? fake_host.says_nonce : nonce, fake_host.says);
    if (strlen(text) >= size) {
        errno = E2BIG;
        return -1;
    }
    memcpy(value, text, strlen(text) + 1);
    return (int)strlen(text);
}

int store_read(struct store *store, const char *path, char *value, size_t size)
{
    const struct fake_node *n = find(path);
    const char *end = strrchr(path, '/');

    (void)store;
    if (n == NULL) {
        errno = ENOENT;
        return -1;
    }
    if (strcmp(path, "/local/domain/2/pci/answer") == 0) {
        return domain_answers(value, size);
    }
    snprintf(value, size, "%s", n->value);
    if (fake_host.connects && strcmp(end, "/state") == 0) { /* the two ends do what they are there for */
        char online[128];

        snprintf(online, sizeof(online), "/local/domain/2/backend/vbd/5/%s", strstr(path, "vbd/") != NULL ? "51728/online" : "");
        n = find(online);
        snprintf(value, size, "%s", n != NULL && strcmp(n->value, "0") == 0 ? "6" : "4");
    }
    return (int)strlen(value);
}

int store_write(struct store *store, const char *path, const char *value)
{
    struct fake_node *n = find(path);

    (void)store;
    fake_host.acts++;
    if (n == NULL && fake_host.node_count == 64) {
        errno = ENOSPC;
        return -1;
    }
    n = n != NULL ? n : &fake_host.node[fake_host.node_count++];
    snprintf(n->path, sizeof(n->path), "%s", path);
    snprintf(n->value, sizeof(n->value), "%s", value);
    return 0;
}

int store_permit(struct store *store, const char *path, const char *permissions)
{
    struct fake_node *n = find(path);

    (void)store;
    snprintf(n->permissions, sizeof(n->permissions), "%s", permissions);
    return 0;
}

int store_list(struct store *store, const char *path, char *names, size_t size)
{
    (void)store;
    memset(names, 0, size);
    errno = ENOENT;
    return find(path) != NULL ? 0 : -1;
}

int store_remove(struct store *store, const char *path)
{
    size_t len = strlen(path);

    (void)store;
    fake_host.acts++;
    for (unsigned int i = 0; i < fake_host.node_count && !fake_host.keeps_nodes;) {
        if (strncmp(fake_host.node[i].path, path, len) == 0) {
            fake_host.node[i] = fake_host.node[--fake_host.node_count];
        } else {
            i++;
        }
    }
    return 0;
}

/* -- a peer ----------------------------------------------------------------------------------------- */

struct tape {
    const uint8_t *in;
    size_t left;
    char *out;
    size_t room;
    unsigned int skip; /* bytes of a frame's head still to come */
};

static int tape_read(void *context, uint8_t *buf, size_t n, int64_t end_ms)
{
    struct tape *t = context;
    size_t take = n < t->left ? n : t->left;

    (void)end_ms;
    memcpy(buf, t->in, take);
    t->in += take;
    t->left -= take;
    return take > 0 ? (int)take : -EPIPE;
}

static int tape_write(void *context, const uint8_t *buf, size_t n, int64_t end_ms)
{
    struct tape *t = context;

    (void)end_ms;
    if (t->skip == 0) { /* the head comes in one piece, the payload in another */
        t->skip = 1;
        return n == 8 && memcmp(buf, "BHC1", 4) == 0 ? 0 : -EPROTO;
    }
    t->skip = 0;
    answered = true;
    if (n + 1 < t->room) {
        memcpy(t->out, buf, n);
        t->out[n] = '\n';
        t->out += n + 1;
        t->room -= n + 1;
        *t->out = '\0';
    }
    return 0;
}

int fake_peer(struct session *s, const uint8_t *data, size_t size, char *out, size_t out_size)
{
    struct tape tape = { data, size, out, out_size, 0 };
    struct stream stream = { .context = &tape, .read = tape_read, .write = tape_write };

    answered = false;
    *out = '\0';
    return session_serve(s, &stream, -1);
}
