/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Comparing an expected with a found sequence so that the answer names components: what matches in
 * order is fine; in each gap between matches, expected and found entries of the same key (or, where
 * asked for, of the same position) are "differs", the rest "missing" or "unexpected".
 */
#include <stdlib.h>
#include <string.h>

#include <attest/error.h>

#include "internal.h"

const char *show_digest(char buf[80], const uint8_t digest[32])
{
    memcpy(buf, "sha256 ", 7);
    hex_encode(buf + 7, digest, 32);
    return buf;
}

struct gap {
    size_t e, e_end, f, f_end;
};

static void add(const struct comparison *c, struct verdict *v, enum verify_code code,
                const char *name, const char *expected, const char *found)
{
    verdict_add(v, code, c->pcr, c->kind, name, expected, found);
}

static bool same_key(const struct item *e, const struct item *f)
{
    return e->key != NULL && f->key != NULL && strcmp(e->key, f->key) == 0;
}

/* The found entry that expected entry i is told together with: by key, else by position; or
 * g->f_end. */
static size_t partner(const struct comparison *c, const struct gap *g, size_t i, const bool *used,
                      bool by_key)
{
    for (size_t k = g->f; k < g->f_end; k++) {
        if (!used[k - g->f] && (!by_key || same_key(&c->expected[i], &c->found[k]))) {
            return k;
        }
    }
    return g->f_end;
}

static void judge_gap(const struct comparison *c, const struct gap *g, struct verdict *v)
{
    bool *used = calloc(g->f_end - g->f + 1, sizeof(*used));
    bool *told = calloc(g->e_end - g->e + 1, sizeof(*told));

    for (unsigned int round = 0; used != NULL && told != NULL && round < 2; round++) {
        for (size_t i = g->e; i < g->e_end && (round == 0 || c->pair_in_order); i++) {
            size_t k = told[i - g->e] ? g->f_end : partner(c, g, i, used, round == 0);

            if (k < g->f_end) {
                used[k - g->f] = told[i - g->e] = true;
                add(c, v, CODE_DIFFERS, c->expected[i].name, c->expected[i].show, c->found[k].show);
            }
        }
    }
    for (size_t i = g->e; told != NULL && i < g->e_end; i++) {
        if (!told[i - g->e]) {
            add(c, v, CODE_MISSING, c->expected[i].name, c->expected[i].show, "");
        }
    }
    for (size_t k = g->f; used != NULL && k < g->f_end; k++) {
        if (!used[k - g->f]) {
            add(c, v, CODE_UNEXPECTED, c->found[k].name, "", c->found[k].show);
        }
    }
    v->no_memory |= used == NULL || told == NULL;
    free(used);
    free(told);
}

void compare_lists(const struct comparison *c, struct verdict *v)
{
    size_t n = c->expected_count, m = c->found_count, i = 0, j = 0;
    struct gap gap = {0, 0, 0, 0};
    uint16_t *len;

    if (n > REFERENCE_COMPONENT_MAX || m > REFERENCE_COMPONENT_MAX) {
        verdict_add(v, CODE_UNEXPECTED, c->pcr, c->kind, "event-log", "at most 4096 events a PCR",
                    "more");
        return;
    }
    len = calloc((n + 1) * (m + 1), sizeof(*len)); /* len[i][j]: of the tails from i and j on */
    if (len == NULL) {
        v->no_memory = true;
        return;
    }
    for (i = n; i-- > 0;) {
        for (j = m; j-- > 0;) {
            uint16_t down = len[(i + 1) * (m + 1) + j], right = len[i * (m + 1) + j + 1];

            len[i * (m + 1) + j] = c->matches(c->expected[i].object, c->found[j].object)
                                       ? (uint16_t)(len[(i + 1) * (m + 1) + j + 1] + 1)
                                       : (down > right ? down : right);
        }
    }
    i = j = 0;
    while (i < n || j < m) {
        if (i < n && j < m && c->matches(c->expected[i].object, c->found[j].object)) {
            gap.e_end = i;
            gap.f_end = j;
            judge_gap(c, &gap, v);
            add(c, v, CODE_OK, c->expected[i].name, c->expected[i].show, c->found[j].show);
            i++;
            j++;
            gap.e = i;
            gap.f = j;
        } else if (j == m || (i < n && len[(i + 1) * (m + 1) + j] >= len[i * (m + 1) + j + 1])) {
            i++;
        } else {
            j++;
        }
    }
    gap.e_end = n;
    gap.f_end = m;
    judge_gap(c, &gap, v);
    free(len);
}
