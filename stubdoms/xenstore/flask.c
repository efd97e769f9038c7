/* SPDX-License-Identifier: Apache-2.0 */
#include "flask.h"

#include <runtime/hypercall.h>
#include <string.h>

#include <public/event_channel.h>
#include <public/xsm/flask_op.h>

#include <xsm/av_permissions.h>

static long flask_op(struct xen_flask_op *op, uint32_t cmd)
{
    op->cmd = cmd;
    op->interface_version = XEN_FLASK_INTERFACE_VERSION;
    return hc_xsm_op(op);
}

int flask_present(void)
{
    struct xen_flask_op op = { 0 };
    long rc = flask_op(&op, FLASK_GETENFORCE);

    return rc < 0 ? (int)rc : 0;
}

static bool permissive(void *arg)
{
    struct xen_flask_op op = { 0 };

    (void)arg;
    return flask_op(&op, FLASK_GETENFORCE) == 0;
}

static int context_to_sid(void *arg, const char *context, sid_t *sid)
{
    struct xen_flask_op op = { 0 };
    char text[CONTEXT_MAX];
    size_t length = strlen(context);
    long rc;

    (void)arg;
    if (length >= sizeof(text)) {
        return -XEN_EINVAL;
    }
    memcpy(text, context, length + 1);
    set_xen_guest_handle(op.u.sid_context.context, text);
    op.u.sid_context.size = (uint32_t)length;
    rc = flask_op(&op, FLASK_CONTEXT_TO_SID);
    if (rc == 0) {
        *sid = op.u.sid_context.sid;
    }
    return (int)rc;
}

static int sid_to_context(void *arg, sid_t sid, char *context, size_t size)
{
    struct xen_flask_op op = { 0 };
    long rc;

    (void)arg;
    op.u.sid_context.sid = sid;
    op.u.sid_context.size = (uint32_t)(size - 1);
    set_xen_guest_handle(op.u.sid_context.context, context);
    memset(context, 0, size);
    rc = flask_op(&op, FLASK_SID_TO_CONTEXT);
    context[size - 1] = '\0';
    return (int)rc;
}

static int access_vector(void *arg, sid_t ssid, sid_t tsid, uint32_t *allowed)
{
    struct xen_flask_op op = { 0 };
    long rc;

    (void)arg;
    op.u.access.ssid = ssid;
    op.u.access.tsid = tsid;
    op.u.access.tclass = SECCLASS_XENSTORE;
    op.u.access.req = UINT32_MAX;
    rc = flask_op(&op, FLASK_ACCESS);
    if (rc == 0) {
        *allowed = op.u.access.allowed;
    }
    return (int)rc;
}

int flask_peer_sid(uint32_t port, sid_t *sid)
{
    struct xen_flask_op op = { 0 };
    long rc;

    op.u.peersid.evtchn = port;
    rc = flask_op(&op, FLASK_GET_PEER_SID);
    if (rc == 0) {
        *sid = op.u.peersid.sid;
    }
    return (int)rc;
}

void flask_setup(struct mac *mac)
{
    static const struct mac_ops ops = {
        .context_to_sid = context_to_sid, .sid_to_context = sid_to_context,
        .access = access_vector, .permissive = permissive,
    };

    mac->ops = &ops;
    mac->perm = (struct mac_permissions){
        .read = XENSTORE__READ, .write = XENSTORE__WRITE, .create = XENSTORE__CREATE,
        .delete = XENSTORE__DELETE, .list = XENSTORE__LIST, .watch = XENSTORE__WATCH,
        .setperms = XENSTORE__SETPERMS, .introduce = XENSTORE__INTRODUCE,
        .control = XENSTORE__CONTROL,
    };
    mac->enabled = true;
}
