/* SPDX-License-Identifier: Apache-2.0 */
/* xen_version: what the caller runs on. What every guest must know to work is told unasked, the rest by policy. */
#include "families.h"

#include <xen/boot.h>

#include <public/version.h>

#define ABI_VERSION ((4u << 16) | 17)

/* Features of submap 0 that a PVH domain has. */
#define FEATURES                                                                                   \
    ((1u << XENFEAT_writable_page_tables) | (1u << XENFEAT_auto_translated_physmap) |              \
     (1u << XENFEAT_hvm_callback_vector) | (1u << XENFEAT_hvm_safe_pvclock) |                      \
     (1u << XENFEAT_memory_op_vnode_supported) | (1u << XENFEAT_not_direct_mapped))

/* A text in a field of fixed size, the rest zero. */
static long answer(void *field, size_t size, const char *text)
{
    memset(field, 0, size);
    memcpy(field, text, strnlen(text, size - 1));
    return 0;
}

static long version_act(struct call *c)
{
    (void)c;
    return ABI_VERSION;
}

static long extraversion_act(struct call *c)
{
    return answer(c->arg, sizeof(xen_extraversion_t), ".0-bulkhead");
}

static long compile_info_act(struct call *c)
{
    struct xen_compile_info *info = c->arg;

    memset(info, 0, sizeof(*info));
    answer(info->compiler, sizeof(info->compiler), "gcc " __VERSION__);
    answer(info->compile_by, sizeof(info->compile_by), "bulkhead");
    return 0;
}

static long capabilities_act(struct call *c)
{
    return answer(c->arg, sizeof(xen_capabilities_info_t), "hvm-3.0-x86_64 ");
}

static long changeset_act(struct call *c)
{
    return answer(c->arg, sizeof(xen_changeset_info_t), "unavailable");
}

static long platform_parameters_act(struct call *c)
{
    struct xen_platform_parameters *p = c->arg;

    p->virt_start = 0; /* nothing of the hypervisor is in a PVH domain's address space */
    return 0;
}

static long get_features_act(struct call *c)
{
    struct xen_feature_info *info = c->arg;

    if (info->submap_idx >= XENFEAT_NR_SUBMAPS) {
        return -EINVAL;
    }
    info->submap = FEATURES;
    return 0;
}

static long pagesize_act(struct call *c)
{
    return c->hc->arg[1] != 0 ? -EINVAL : (long)PAGE_SIZE;
}

static long guest_handle_act(struct call *c)
{
    memset(c->arg, 0, sizeof(xen_domain_handle_t)); /* domains have names, no handles */
    return 0;
}

static long commandline_act(struct call *c)
{
    return answer(c->arg, sizeof(xen_commandline_t),
                  boot_info.cmdline != NULL ? boot_info.cmdline : "");
}

static long build_id_act(struct call *c)
{
    (void)c;
    return -ENODATA; /* what the ABI answers where the linker left none */
}

#define ASK_VERSION(perm) ASK(Q(CALLER, XEN, VERSION, perm))

static const struct hypercall_row rows[] = {
    [XENVER_version] =
        ROW(XENVER_version, 0, 0, NULL, ASK(Q(CALLER, XEN, VERSION_OP, VERSION)), version_act),
    [XENVER_extraversion] = ROW(XENVER_extraversion, 0, sizeof(xen_extraversion_t), NULL,
                                ASK_VERSION(XEN_EXTRAVERSION), extraversion_act),
    [XENVER_compile_info] = ROW(XENVER_compile_info, 0, sizeof(struct xen_compile_info), NULL,
                                ASK_VERSION(XEN_COMPILE_INFO), compile_info_act),
    [XENVER_capabilities] = ROW(XENVER_capabilities, 0, sizeof(xen_capabilities_info_t), NULL,
                                ASK_VERSION(XEN_CAPABILITIES), capabilities_act),
    [XENVER_changeset] = ROW(XENVER_changeset, 0, sizeof(xen_changeset_info_t), NULL,
                             ASK_VERSION(XEN_CHANGESET), changeset_act),
    [XENVER_platform_parameters] =
        ROW(XENVER_platform_parameters, 0, sizeof(struct xen_platform_parameters), NULL,
            ASK(Q(CALLER, XEN, VERSION_OP, PLATFORM_PARAMETERS)), platform_parameters_act),
    [XENVER_get_features] =
        ROW(XENVER_get_features, sizeof(struct xen_feature_info), sizeof(struct xen_feature_info),
            NULL, ASK(Q(CALLER, XEN, VERSION_OP, GET_FEATURES)), get_features_act),
    [XENVER_pagesize] =
        ROW(XENVER_pagesize, 0, 0, NULL, ASK_VERSION(XEN_PAGESIZE), pagesize_act),
    [XENVER_guest_handle] = ROW(XENVER_guest_handle, 0, sizeof(xen_domain_handle_t), NULL,
                                ASK_VERSION(XEN_GUEST_HANDLE), guest_handle_act),
    [XENVER_commandline] = ROW(XENVER_commandline, 0, sizeof(xen_commandline_t), NULL,
                               ASK_VERSION(XEN_COMMANDLINE), commandline_act),
    [XENVER_build_id] =
        ROW(XENVER_build_id, 0, 0, NULL, ASK_VERSION(XEN_BUILD_ID), build_id_act),
};

const struct hypercall_family xen_version_family = {
    .name = "xen_version",
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .kind = FAMILY_CMD,
    .cmd_mask = ~0u,
    .arg_index = 1,
};
