/* SPDX-License-Identifier: Apache-2.0 */
/* What `bh policy check` finds: each with a code, a place and a hint. */
#ifndef BH_POLICY_FINDINGS_H
#define BH_POLICY_FINDINGS_H

#include "model.h"
#include "names.h"
#include "rules.h"

struct finding {
    const char *code;          /* static */
    bool is_error;
    char *file;                /* NULL: none */
    unsigned int line, column; /* 0: none */
    char *what, *hint;
};

struct findings {
    struct finding *list;
    size_t count;
};

/* What is looked at, by all checks. */
struct checked {
    struct source *source;
    const struct model *model;
    const struct names *names; /* of CIL */
    const struct rules *rules; /* all, with places; none of a binary policy */
    const struct rules *tried; /* of check_kinds_trial() */
    struct findings *out;
};

/** Note one. @return false: the same of the same place is there already; else finding_hint() may follow */
bool finding_add(struct findings *f, const char *code, bool is_error, const char *file, unsigned int line, unsigned int column,
                 const char *format, ...) __attribute__((format(printf, 7, 8)));
/** What to do about the last one. */
void finding_hint(struct findings *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** By severity, then in the order of the files of a source. */
void findings_sort(struct findings *f, const struct source *s);
void findings_free(struct findings *f);

/* The checks, one file each. */

/** assertion, never-asked, unknown-class, unknown-permission, permissive: of rules. */
void check_rules(const struct checked *c);
/** unused-type, unused-macro, empty-assertion: of what is declared. */
void check_declared(const struct checked *c, struct messages *m);
/** overlap, unused-label, unlabelled: of devices. `host` NULL: no description to look at. */
void check_devices(const struct checked *c, const char *host, const char *tree, struct messages *m);
/** mutual-memory, kind: of domains. */
void check_domains(const struct checked *c);
/** CIL that calls the macro of each kind for types of its own, whose rules are `tried`; owned. */
char *check_kinds_trial(const struct names *names);

/** Who reaches whose memory, and how; a row for each pair. */
struct reach_row {
    const char *from, *of;     /* types, borrowed from the model */
    const char *how;           /* static: grant, foreign mapping, control */
    char *perms;               /* owned */
    char *rule;                /* where it comes from; owned; NULL: not known */
};
struct reach_row *check_reach(const struct checked *c, size_t *count);
void check_reach_free(struct reach_row *rows, size_t count);

/* Where something is declared; all zero: not known. */
struct declared_at {
    const char *file;
    unsigned int line, column;
    bool reference;
};
/** @param kind  the keyword of a declaration: type, class, macro... */
struct declared_at checked_place(const struct checked *c, const char *kind, const char *word);

#endif
