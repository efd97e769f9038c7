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

/** @return 0 when libsepol takes the image */
int sepol_side_load(uint8_t *image, size_t size);
void sepol_side_free(void);

bool sepol_side_mls(void);
uint32_t sepol_side_users(void), sepol_side_roles(void), sepol_side_types(void);
uint32_t sepol_side_classes(void), sepol_side_booleans(void);
/** Names by value, 1..; NULL for attributes and values not in use. */
const char *sepol_side_user(uint32_t value);
const char *sepol_side_role(uint32_t value);
const char *sepol_side_type(uint32_t value);

/** @return 0 and a SID, when the text is a context */
int sepol_side_context(const char *text, uint32_t *sid);
int sepol_side_av(uint32_t ssid, uint32_t tsid, uint32_t tclass, struct sepol_answer *out);
/** @return 0 and the text of the new context (the caller frees), when it is a valid one */
int sepol_side_label(uint32_t ssid, uint32_t tsid, uint32_t tclass, enum sepol_kind kind, char **out);
int sepol_side_validatetrans(uint32_t oldsid, uint32_t newsid, uint32_t tasksid, uint32_t tclass);
/** Set all booleans, bit n for number n. */
void sepol_side_set_booleans(uint32_t bits);

#endif
