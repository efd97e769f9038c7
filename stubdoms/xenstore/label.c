/* SPDX-License-Identifier: Apache-2.0 */
#include "label.h"

#include "path.h"
#include "store.h"

#include <public/errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_SECOND UINT64_C(1000000000)
#define DOMAIN_DIR "/local/domain/"

int mac_label_subtree(struct mac *mac, const char *path, size_t length, sid_t sid)
{
    struct subtree_label **at = &mac->subtrees;
    struct subtree_label *label;

    while (*at != NULL && (*at)->path_len >= length) {
        if ((*at)->path_len == length && memcmp((*at)->path, path, length) == 0) {
            return -XEN_EEXIST;
        }
        at = &(*at)->next;
    }
    label = malloc(sizeof(*label) + length + 1);
    if (label == NULL) {
        return -XEN_ENOMEM;
    }
    label->sid = sid;
    label->path_len = length;
    memcpy(label->path, path, length);
    label->path[length] = '\0';
    label->next = *at;
    *at = label;
    return 0;
}

static struct domain_label *domain_find(const struct mac *mac, uint16_t domid)
{
    for (struct domain_label *d = mac->domains; d != NULL; d = d->next) {
        if (d->domid == domid) {
            return d;
        }
    }
    return NULL;
}

int mac_label_domain(struct mac *mac, uint16_t domid, sid_t sid)
{
    struct domain_label *label = domain_find(mac, domid);

    if (label != NULL) {
        label->sid = sid;
        return 0;
    }
    label = calloc(1, sizeof(*label));
    if (label == NULL) {
        return -XEN_ENOMEM;
    }
    label->domid = domid;
    label->sid = sid;
    label->next = mac->domains;
    mac->domains = label;
    return 0;
}

sid_t mac_domain_sid(const struct mac *mac, uint16_t domid)
{
    const struct domain_label *d = domain_find(mac, domid);

    return d != NULL ? d->sid : SID_NONE;
}

/* The N of /local/domain/N or of anything below it. */
static bool path_domid(const char *path, size_t length, uint16_t *domid)
{
    size_t from = sizeof(DOMAIN_DIR) - 1, to = from;

    if (length <= from || memcmp(path, DOMAIN_DIR, from) != 0) {
        return false;
    }
    while (to < length && path[to] != '/') {
        to++;
    }
    return domid_parse(path + from, to - from, domid);
}

sid_t mac_path_sid(const struct mac *mac, const char *path, size_t length)
{
    uint16_t domid;
    sid_t sid;

    for (const struct subtree_label *l = mac->subtrees; l != NULL; l = l->next) {
        if (l->path_len == 1 && path_domid(path, length, &domid)) {
            break;                   /* a label of the root is the last resort only */
        }
        if (path_is_below(path, length, l->path, l->path_len)) {
            return l->sid;
        }
    }
    if (path_domid(path, length, &domid)) {
        sid = mac_domain_sid(mac, domid);
        if (sid != SID_NONE) {
            return sid;
        }
    }
    for (const struct subtree_label *l = mac->subtrees; l != NULL; l = l->next) {
        if (l->path_len == 1) {
            return l->sid;
        }
    }
    return mac->own_sid;
}

void mac_flush(struct mac *mac)
{
    memset(mac->cache, 0, sizeof(mac->cache));
}

/* The policy's answer; an error is no permission at all. */
static uint32_t allowed(struct mac *mac, sid_t ssid, sid_t tsid)
{
    uint64_t now = mac->now_ns(mac->log_arg);
    struct mac_cached *c = &mac->cache[(ssid * 31 + tsid) % MAC_CACHE_SIZE];
    uint32_t bits = 0;

    if (now - mac->cache_ns > MAC_CACHE_NS) {
        mac_flush(mac);
        mac->cache_ns = now;
    }
    if (c->valid && c->ssid == ssid && c->tsid == tsid) {
        return c->allowed;
    }
    if (ssid == SID_NONE || tsid == SID_NONE || mac->ops->access(mac->arg, ssid, tsid, &bits) != 0) {
        return 0;
    }
    *c = (struct mac_cached){ .ssid = ssid, .tsid = tsid, .allowed = bits, .valid = true };
    return bits;
}

static const char *permission_name(const struct mac_permissions *p, uint32_t bit)
{
    return bit == p->read ? "read" : bit == p->write ? "write" : bit == p->create ? "create" :
           bit == p->delete ? "delete" : bit == p->list ? "list" : bit == p->watch ? "watch" :
           bit == p->setperms ? "setperms" : bit == p->introduce ? "introduce" : "control";
}

static void context_of(struct mac *mac, sid_t sid, char *text)
{
    if (sid == SID_NONE || mac->ops->sid_to_context(mac->arg, sid, text, CONTEXT_MAX) != 0) {
        snprintf(text, CONTEXT_MAX, "sid:%u", sid);
    }
}

/* A guest can neither flood the log nor use up what others may print. */
static bool audit_admitted(struct mac *mac, uint16_t domid)
{
    struct domain_label *d = domain_find(mac, domid);
    struct audit_budget *budget = d != NULL ? &d->audit : &mac->audit;
    uint64_t now = mac->now_ns(mac->log_arg);
    char text[80];

    if (now - budget->start_ns >= NS_PER_SECOND) {
        if (budget->dropped != 0) {
            snprintf(text, sizeof(text), "avc:  %u denials of domid=%u not shown", budget->dropped,
                     domid);
            mac->log(mac->log_arg, text);
        }
        *budget = (struct audit_budget){ .start_ns = now };
    }
    if (budget->count >= MAC_AUDIT_PER_SECOND) {
        budget->dropped++;
        return false;
    }
    budget->count++;
    return true;
}

static void audit_denial(struct mac *mac, uint16_t domid, const char *object, sid_t ssid,
                         sid_t tsid, uint32_t requested, bool permissive)
{
    char source[CONTEXT_MAX], target[CONTEXT_MAX], text[2 * CONTEXT_MAX + 512];

    if (!audit_admitted(mac, domid)) {
        return;
    }
    context_of(mac, ssid, source);
    context_of(mac, tsid, target);
    snprintf(text, sizeof(text),
             "avc:  denied  { %s } for domid=%u %.300s scontext=%s tcontext=%s tclass=xenstore%s",
             permission_name(&mac->perm, requested), domid, object, source, target,
             permissive ? " permissive=1" : "");
    mac->log(mac->log_arg, text);
}

static int check(struct mac *mac, uint16_t domid, sid_t tsid, const char *object,
                 uint32_t requested, bool audit)
{
    sid_t ssid = mac_domain_sid(mac, domid);
    bool permissive;

    if ((allowed(mac, ssid, tsid) & requested) == requested) {
        return 0;
    }
    permissive = mac->ops->permissive(mac->arg);
    if (audit) {
        audit_denial(mac, domid, object, ssid, tsid, requested, permissive);
    }
    return permissive ? 0 : -XEN_EACCES;
}

int mac_check_path(struct mac *mac, uint16_t domid, const char *path, size_t length,
                   uint32_t requested, bool audit)
{
    char object[320];

    if (!mac->enabled) {
        return 0;
    }
    snprintf(object, sizeof(object), "path=%.*s", (int)(length < 300 ? length : 300), path);
    return check(mac, domid, mac_path_sid(mac, path, length), object, requested, audit);
}

int mac_check_below(struct mac *mac, uint16_t domid, const char *path, size_t length,
                    uint32_t requested)
{
    if (!mac->enabled) {
        return 0;
    }
    for (const struct subtree_label *l = mac->subtrees; l != NULL; l = l->next) {
        if (l->path_len > length && path_is_below(l->path, l->path_len, path, length)) {
            int rc = mac_check_path(mac, domid, l->path, l->path_len, requested, true);

            if (rc != 0) {
                return rc;
            }
        }
    }
    return 0;
}

int mac_check_domain(struct mac *mac, uint16_t domid, uint16_t target, uint32_t requested)
{
    char object[32];

    if (!mac->enabled) {
        return 0;
    }
    if (target == DOMID_NONE) {
        return check(mac, domid, mac->own_sid, "target=xenstore", requested, true);
    }
    snprintf(object, sizeof(object), "target=%u", target);
    return check(mac, domid, mac_domain_sid(mac, target), object, requested, true);
}

void mac_destroy(struct mac *mac)
{
    while (mac->subtrees != NULL) {
        struct subtree_label *l = mac->subtrees;

        mac->subtrees = l->next;
        free(l);
    }
    while (mac->domains != NULL) {
        struct domain_label *d = mac->domains;

        mac->domains = d->next;
        free(d);
    }
}
