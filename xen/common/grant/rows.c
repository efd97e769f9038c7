/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grant_table_op rows: every operation with its question. Status codes of elements are made
 * here too.
 */
#include "private.h"

int16_t grant_status(long rc)
{
    switch (rc) {
    case 0:
        return GNTST_okay;
    case -ESRCH:
        return GNTST_bad_domain;
    case -EACCES: /* policy */
    case -EPERM:  /* the rules of the interface */
        return GNTST_permission_denied;
    case -EINVAL:
        return GNTST_bad_gntref;
    case -EBADF:
        return GNTST_bad_handle;
    case -EFAULT:
        return GNTST_bad_virt_addr;
    case -ENXIO:
        return GNTST_bad_dev_addr;
    case -ENODEV:
        return GNTST_no_device_space;
    case -ENOENT:
        return GNTST_bad_page;
    case -E2BIG:
        return GNTST_bad_copy_arg;
    case -EAGAIN:
        return GNTST_eagain;
    case -ENOSPC:
    case -ENOMEM:
        return GNTST_no_space;
    default:
        return GNTST_general_error;
    }
}

/* One element, whose status field takes the result. */
#define ROW_STATUS_ONE(op, type, decode_, ask_, act_, status_)                                     \
    {                                                                                              \
        .name = #op, .decode = (decode_), ask_, .act = (act_), .begin = NULL,                      \
        .status = (status_), .end = NULL, .in = CALL_SIZE(sizeof(type)),                           \
        .out = CALL_SIZE(sizeof(type)), .flags = ROW_BATCH | ROW_ONE, .absent = 0                  \
    }

static const struct hypercall_row rows[] = {
    [GNTTABOP_map_grant_ref] =
        ROW_PER_ELEMENT(GNTTABOP_map_grant_ref, sizeof(struct gnttab_map_grant_ref),
                        grant_batch_begin, map_decode,
                        ASK(Q_CHOSEN(CALLER, TARGET, GRANT_OP,
                                     GRANT_OP__MAP_READ | GRANT_OP__MAP_WRITE | GRANT_OP__MAP_HOST |
                                         GRANT_OP__MAP_DEVICE | GRANT_OP__MAP_APPLICATION | GRANT_OP__MAP_PTE)),
                        map_act, map_status, grant_batch_end),
    [GNTTABOP_unmap_grant_ref] =
        ROW_PER_ELEMENT(GNTTABOP_unmap_grant_ref, sizeof(struct gnttab_unmap_grant_ref),
                        unmap_begin, unmap_decode,
                        ASK(Q(CALLER, TARGET, GRANT_OP, UNMAP_GRANT_REF)), unmap_act,
                        unmap_status, unmap_end),
    [GNTTABOP_setup_table] = ROW_STATUS_ONE(GNTTABOP_setup_table, struct gnttab_setup_table,
                                            setup_decode,
                                            ASK(Q(CALLER, TARGET, GRANT_OP, SETUP_TABLE)),
                                            setup_act, setup_status),
    [GNTTABOP_dump_table] = ROW_ABSENT(GNTTABOP_dump_table, Q(CALLER, SELF, GRANT_OP, DUMP_TABLE),
                                       "debugging aid of the toolstack"),
    [GNTTABOP_transfer] =
        ROW_PER_ELEMENT(GNTTABOP_transfer, sizeof(struct gnttab_transfer), grant_batch_begin,
                        transfer_decode,
                        ASK(Q(CALLER, TARGET, GRANT_OP, TRANSFER)), transfer_act,
                        transfer_status, grant_batch_end),
    [GNTTABOP_copy] = ROW_PER_ELEMENT(GNTTABOP_copy, sizeof(struct gnttab_copy), NULL, copy_decode,
                                      ASK(Q(OBJECT, PEER, GRANT, COPY),
                                          Q_OPTIONAL(CALLER, TARGET, GRANT_OP, GRANT_OP__COPY_FROM),
                                          Q_OPTIONAL(CALLER, SECOND, GRANT_OP, GRANT_OP__COPY_TO)),
                                      copy_act, copy_status, NULL),
    [GNTTABOP_query_size] = ROW_STATUS_ONE(GNTTABOP_query_size, struct gnttab_query_size,
                                           query_size_decode,
                                           ASK(Q(CALLER, TARGET, GRANT_OP, QUERY_SIZE)),
                                           query_size_act, query_size_status),
    [GNTTABOP_unmap_and_replace] =
        ROW_PER_ELEMENT(GNTTABOP_unmap_and_replace, sizeof(struct gnttab_unmap_and_replace), NULL,
                        replace_decode, ASK(Q(CALLER, TARGET, GRANT_OP, UNMAP_AND_REPLACE)),
                        replace_act, replace_status, NULL),
    [GNTTABOP_set_version] = ROW_FLAGS(GNTTABOP_set_version, sizeof(struct gnttab_set_version),
                                       sizeof(struct gnttab_set_version), ROW_ONE,
                                       set_version_decode,
                                       ASK(Q(CALLER, TARGET, GRANT_OP, SET_VERSION)),
                                       set_version_act),
    [GNTTABOP_get_status_frames] =
        ROW_STATUS_ONE(GNTTABOP_get_status_frames, struct gnttab_get_status_frames,
                       status_frames_decode, ASK(Q(CALLER, TARGET, GRANT_OP, GET_STATUS_FRAMES)),
                       status_frames_act, status_frames_status),
    [GNTTABOP_get_version] = ROW_FLAGS(GNTTABOP_get_version, sizeof(struct gnttab_get_version),
                                       sizeof(struct gnttab_get_version), ROW_ONE,
                                       get_version_decode,
                                       ASK(Q(CALLER, TARGET, GRANT_OP, GET_VERSION)),
                                       get_version_act),
    [GNTTABOP_swap_grant_ref] =
        ROW_PER_ELEMENT(GNTTABOP_swap_grant_ref, sizeof(struct gnttab_swap_grant_ref), NULL,
                        swap_decode, ASK(Q(CALLER, TARGET, GRANT_OP, SWAP_GRANT_REF)),
                        swap_act, swap_status, NULL),
    [GNTTABOP_cache_flush] = ROW_ABSENT_AS(GNTTABOP_cache_flush, -EOPNOTSUPP,
                                           Q(CALLER, SELF, GRANT_OP, CACHE_FLUSH),
                                           "caches are coherent on this architecture"),
};

const struct hypercall_family grant_table_op_family = {
    .name = "grant_table_op",
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .kind = FAMILY_CMD,
    .cmd_mask = ~0u,
    .arg_index = 1,
};
