/* SPDX-License-Identifier: Apache-2.0 */
/* libsepol behind plain functions: its headers and the engine's use the same structure names. */
#ifndef TEST_XSM_FLASK_SEPOL_SIDE_H
#define TEST_XSM_FLASK_SEPOL_SIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sepol_answer {
    uint32_t allowed, audit_allow, audit_deny;
};

enum sepol_kind { SEPOL_TRANSITION, SEPOL_MEMBER, SEPOL_CHANGE };

/**
 * @return 0 when libsepol takes the image. What libsepol does for class "process" it then does for class
 * "domain", as Xen does: labels of new domains, and role allows for their transitions.
 */
int sepol_side_load(uint8_t *image, size_t size);
void sepol_side_free(void);

bool sepol_side_mls(void);
uint32_t sepol_side_users(void), sepol_side_roles(void), sepol_side_types(void);
uint32_t sepol_side_classes(void), sepol_side_booleans(void);
/** Names by value, 1..; NULL for attributes and values not in use. */
const char *sepol_side_user(uint32_t value);
const char *sepol_side_role(uint32_t value);
const char *sepol_side_type(uint32_t value);

/**
 * The type that bounds type `value`: the caller has to apply it. 0 when there is none, and under a policy
 * without constraints and chains of bounds, where libsepol applies it. Such a policy must not grant domain:transition.
 */
uint32_t sepol_side_bounds(uint32_t value);
/** Whether the type is permissive. */
bool sepol_side_permissive(uint32_t value);
/** What the policy wants for unknown classes: 0 deny, 1 reject, 2 allow. */
uint32_t sepol_side_unknown(void);
/** Class and permission by name, as value and bit; 0: the policy has none of that name. */
uint32_t sepol_side_class(const char *name);
uint32_t sepol_side_permission(uint32_t tclass, const char *name);
/** validatetrans rules of a class. */
uint32_t sepol_side_validatetrans_rules(uint32_t tclass);

/** Resource or initial SID number `index` of a kind, in the order of the image. */
struct sepol_ocontext {
    uint64_t first, last;
    const char *path;
    char *context;               /* text; the caller frees */
};
bool sepol_side_ocontext(uint32_t kind, uint32_t index, struct sepol_ocontext *out);

/** @return 0 and a SID, when the text is a context */
int sepol_side_context(const char *text, uint32_t *sid);
int sepol_side_av(uint32_t ssid, uint32_t tsid, uint32_t tclass, struct sepol_answer *out);
/**
 * The SID of the context with the type that bounds its own in its place, valid or not.
 * @return 0 when the type has no bounds
 */
uint32_t sepol_side_outer(uint32_t sid);
/** @return 0 and the text of the new context (the caller frees), when it is a valid one */
int sepol_side_label(uint32_t ssid, uint32_t tsid, uint32_t tclass, enum sepol_kind kind, char **out);
int sepol_side_validatetrans(uint32_t oldsid, uint32_t newsid, uint32_t tasksid, uint32_t tclass);
/** Set all booleans, bit n for number n. */
void sepol_side_set_booleans(uint32_t bits);

#endif
