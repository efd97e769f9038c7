/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of a class by who is named in them, for decisions: the sources that any rule of the class names as a bitmap,
 * for each of them the targets as another, and for each of those the node. A decision meets the bitmaps with those of
 * the two types' attributes, so that it reads only rules that apply. Bitmaps leave out words that are zero: as large as
 * the rules are many, however many types there are. Nodes stay where they are, so that booleans switch them in place.
 */
#ifndef FLASK_RULE_INDEX_H
#define FLASK_RULE_INDEX_H

#include <flask/avtab.h>
#include <flask/ebitmap.h>

struct rule_word {
    union {
        uint64_t map;            /* not zero */
        uint8_t byte[8];         /* its bytes, lowest first */
    };
    uint8_t below[8];            /* bits of the map below each byte */
    uint32_t number : 31;        /* of the word: bit 0 is type 64 * number + 1 */
    uint32_t last : 1;           /* of its row */
    uint32_t first;              /* what belongs to the lowest bit; to the next bit the next */
};

struct rule_index {
    uint32_t *of_class;          /* class c has words of_class[c - 1] up to of_class[c] of `source` */
    struct rule_word *source;    /* first: a row */
    uint32_t *of_row;            /* the words of row r begin at of_row[r] of `target` */
    struct rule_word *target;    /* first: a node */
    const struct avtab_node **node;
    uint32_t words;              /* of a bitmap of all types */
};

/** Index the vectors of a table, which is complete. @return 0; -ENOMEM; -E2BIG */
int rule_index_build(struct rule_index *x, const struct avtab *t, struct arena *a, uint32_t class_count,
                     uint32_t type_count);

/** Add what is in force between any of the sources and any of the targets to a vector. */
void rule_index_add(const struct rule_index *x, uint32_t tclass, const struct ebitmap *sources,
                    const struct ebitmap *targets, struct av_vector *v);

#endif
