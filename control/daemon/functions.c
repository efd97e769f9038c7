/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PCI functions that come and go. The hypervisor gives and takes them, at once and whatever the domain does; the domain's kernel
 * is told to look, and asked to let go. The first is what counts: who does not answer has the function, or has it no more.
 */
#include "verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <xsm/av_permissions.h>

#include "agent.h"
#include "connection.h"
#include "paths.h"

#define ATTACH_MS 10000 /* for the domain to find it, and a driver */
#define DETACH_MS 10000 /* for its driver to let go */
#define FORCE_MS 2000

struct function {
    struct hyper_domain d;
    uint16_t id;
    char name[8];
    int lock;
};

/* As `lspci` writes it: BB:DD.F, or 0000:BB:DD.F. */
static int function_read(const char *text, struct function *f)
{
    unsigned int bus, device, number;
    int end = 0;

    if (text == NULL) {
        return -1;
    }
    text += strncmp(text, "0000:", 5) == 0 ? 5 : 0;
    if (strlen(text) != 7 || strspn(text, "0123456789abcdefABCDEF:.") != 7
        || sscanf(text, "%2x:%2x.%1x%n", &bus, &device, &number, &end) != 3 || end != 7 || device > 31 || number > 7) {
        return -1;
    }
    f->id = (uint16_t)(bus << 8 | device << 3 | number);
    snprintf(f->name, sizeof(f->name), "%02x:%02x.%x", bus & 0xff, device & 31, number & 7);
    return 0;
}

/* One operator at a time for each domain, over all connections: there is one place for the question to it. */
static int lock(struct function *f, struct attest_error *err)
{
    struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)f->d.id, .l_len = 1 };

    f->lock = open(control_paths.lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (f->lock < 0) {
        return attest_fail(err, -EIO, "%s: %s", control_paths.lock, strerror(errno));
    }
    if (fcntl(f->lock, F_OFD_SETLK, &range) != 0) {
        close(f->lock);
        return attest_fail(err, -EBUSY, "another operator gives or takes a function of %s just now; ask again", f->d.name);
    }
    return 0;
}

static int begin(struct session *s, json_object *request, uint32_t perm, struct function *f, struct attest_error *err)
{
    int rc;

    if (function_read(message_string(request, "name"), f) < 0) {
        return attest_fail(err, -EINVAL, "expected a PCI function, as lspci writes it: 00:04.0");
    }
    rc = verb_domain(request, "domain", &f->d, err);
    if (rc == 0) {
        rc = session_ask(s, perm, &f->d, err);
    }
    if (rc == 0) {
        rc = lock(f, err);
    }
    if (rc == 0 && (rc = hyper_domain(f->d.id, &f->d)) != 0) { /* another may have changed what it has, until we had the lock */
        close(f->lock);
        return attest_fail(err, rc, "the domain has ended meanwhile");
    }
    return rc;
}

static int slot_of(const struct hyper_domain *d, uint16_t id)
{
    for (unsigned int i = 0; i < d->device_count; i++) {
        if (d->devices[i] == id) {
            return d->slots[i];
        }
    }
    return -1;
}

/* -- giving ---------------------------------------------------------------------------------------- */

static const struct {
    int error;
    const char *why; /* and what to do */
} refusals[] = {
    { -EACCES, "the host's policy does not let it have this one; name it in the domain's description (pci-later)" },
    { -ENODEV, "the machine has no such function; `lspci` on another system lists those that it has" },
    { -EPERM, "it is a bridge or an IOMMU, which no domain gets" },
    { -EBUSY, "another domain has it, or its registers share a page with another device's; detach it there first" },
    { -EEXIST, "the domain has it already" },
    { -EOPNOTSUPP, "it cannot be reset (then pci-unreset in the description, for the domain's start), or the domain has no bus" },
    { -ENOSPC, "the domain has as many as it can, or no room for its registers; detach another first" },
    { -E2BIG, "its registers take more than 16 MiB, which is the most" },
    { -ENXIO, "the firmware has given its registers no addresses; see the firmware's settings" },
    { -ENOMEM, "the hypervisor has no memory left for its tables" },
    { -ESRCH, "the domain has ended meanwhile" },
};

/* The domain that has it, if the operator may know of that one. */
static const char *holder(struct session *s, uint16_t id)
{
    static struct hyper_domain all[HYPER_DOMAINS_MAX];
    int count = hyper_domains(all, HYPER_DOMAINS_MAX);

    for (int i = 0; i < count; i++) {
        if (slot_of(&all[i], id) >= 0) {
            return session_may(s, OPERATOR__STATUS, &all[i]) == 0 ? all[i].name : NULL;
        }
    }
    return NULL;
}

static int refused(struct session *s, const struct function *f, int error, struct attest_error *err)
{
    const char *who = error == -EBUSY ? holder(s, f->id) : NULL;

    if (who != NULL) {
        return attest_fail(err, error, "%s is not given to %s: %s has it; `bh detach %s device %s` first", f->name, f->d.name, who,
                           who, f->name);
    }
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        if (refusals[i].error == error) {
            return attest_fail(err, error, "%s is not given to %s: %s", f->name, f->d.name, refusals[i].why);
        }
    }
    return attest_fail(err, error, "%s is not given to %s: %s", f->name, f->d.name, strerror(-error));
}

static void add_note(json_object *reply, const char *text, const char *domain)
{
    char note[160];

    snprintf(note, sizeof(note), text, domain);
    message_add_string(reply, "note", note);
}

/* The function is the domain's; what its software makes of that is told, and is no reason to take it back. */
static void look_for(const struct function *f, json_object *reply)
{
    struct store *store = connection_store();
    struct hyper_domain now;
    char driver[AGENT_DRIVER_MAX] = "", at[16];
    int slot = hyper_domain(f->d.id, &now) == 0 ? slot_of(&now, f->id) : -1, answer = -EIO;

    if (slot > 0) {
        snprintf(at, sizeof(at), "00:%02x.0", (unsigned int)slot);
        message_add_string(reply, "at", at);
        answer = store != NULL ? agent_ask(store, f->d.id, AGENT_ATTACH, (unsigned int)slot, ATTACH_MS, driver) : -EIO;
    }
    if (slot < 0) {
        add_note(reply, "%s ends just now, and has lost it again", f->d.name);
    } else if (answer < 0) {
        add_note(reply, "%s could not be told by XenStore (priv= of the xenstore domain?): it has to look by itself", f->d.name);
    } else if (answer == AGENT_SILENT) {
        add_note(reply, "%s has not said that it found it: a kernel without backendd has to look by itself", f->d.name);
    } else if (answer != AGENT_DONE) {
        add_note(reply, "%s did not find it; its console may say why", f->d.name);
    } else if (driver[0] == '\0') {
        add_note(reply, "%s has no driver for it: the module must be in its image", f->d.name);
    } else {
        message_add_string(reply, "driver", driver);
    }
}

int verb_attach_device(struct session *s, json_object *request, json_object *reply, struct attest_error *err)
{
    struct function f = {0};
    int rc = begin(s, request, OPERATOR__ATTACH_DEVICE, &f, err);

    if (rc != 0) {
        return rc;
    }
    rc = hyper_assign(f.d.id, f.id);
    if (rc == 0) {
        look_for(&f, reply);
    } else {
        rc = refused(s, &f, rc, err);
    }
    close(f.lock);
    return rc;
}

/* -- taking ---------------------------------------------------------------------------------------- */

/* @return 0: it may be taken */
static int let_go(const struct function *f, unsigned int slot, int force, json_object *reply, struct attest_error *err)
{
    struct store *store = connection_store();
    char driver[AGENT_DRIVER_MAX];
    int answer = store == NULL ? -EIO : agent_ask(store, f->d.id, force ? AGENT_FORCE : AGENT_DETACH, slot,
                                                  force ? FORCE_MS : DETACH_MS, driver);

    if (answer < 0 && !force) {
        return attest_fail(err, -EIO, "%s cannot be asked to let %s go (XenStore: %s); --force takes it without", f->d.name,
                           f->name, strerror(-answer));
    }
    if (answer == AGENT_BUSY && !force) {
        return attest_fail(err, -EBUSY, "%s uses %s: a disk on it is mounted or served; detach that first, or this with --force",
                           f->d.name, f->name);
    }
    if (answer != AGENT_DONE) {
        add_note(reply, force ? "%s has not let it go; it was taken nevertheless"
                              : "%s has not let it go in time; it was taken nevertheless", f->d.name);
    }
    return 0;
}

static int take(const struct function *f, unsigned int slot, struct attest_error *err)
{
    struct store *store = connection_store();
    char driver[AGENT_DRIVER_MAX];
    int rc = hyper_deassign(f->d.id, f->id);

    if (rc == -ENODEV || rc == -ESRCH) {
        return attest_fail(err, rc, "%s does not have %s any more", f->d.name, f->name);
    }
    if (rc != 0 && store != NULL) { /* it stays, and its kernel has let it go */
        (void)agent_ask(store, f->d.id, AGENT_ATTACH, slot, ATTACH_MS, driver);
    }
    return rc == 0 ? 0 : attest_fail(err, rc, "%s is not taken from %s: %s", f->name, f->d.name,
                                     rc == -EACCES ? "the host's policy does not let the control domain take it; is it named in "
                                     "the domain's description (pci, pci-later)?" : strerror(-rc));
}

int verb_detach_device(struct session *s, json_object *request, json_object *reply, struct attest_error *err)
{
    struct function f = {0};
    json_object *force;
    int forced = json_object_object_get_ex(request, "force", &force) && json_object_get_boolean(force);
    int rc = begin(s, request, OPERATOR__DETACH_DEVICE, &f, err), slot;

    if (rc != 0) {
        return rc;
    }
    slot = slot_of(&f.d, f.id);
    if (slot < 0) {
        rc = attest_fail(err, -ENODEV, "%s does not have %s; `bh status` shows which domain does", f.d.name, f.name);
    }
    if (rc == 0) {
        rc = let_go(&f, (unsigned int)slot, forced, reply, err);
    }
    if (rc == 0) {
        rc = take(&f, (unsigned int)slot, err);
    }
    close(f.lock);
    return rc;
}
