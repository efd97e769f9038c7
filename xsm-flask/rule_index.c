/* SPDX-License-Identifier: Apache-2.0 */
#include <flask/rule_index.h>

#include <flask/env.h>
#include <xen/errno.h>
#include <xen/lib.h>

#define WORD_BITS 64U
#define DENSE_WORDS 16U          /* up to 1,023 types and attributes: more than policies have that are written for Xen */

static inline uint32_t source_of(uint64_t key)
{
    return (uint32_t)(key & 0xffff) - 1;
}

static inline uint32_t target_of(uint64_t key)
{
    return (uint32_t)(key >> 16 & 0xffff) - 1;
}

static inline uint32_t class_of(uint64_t key)
{
    return key >> 32 & 0xffff;
}

/* One pass of a radix sort. @return whether it has moved them, to `to` */
static bool sort_by_byte(const struct avtab_node **from, const struct avtab_node **to, uint32_t n,
                         unsigned int shift)
{
    uint32_t place[256] = { 0 }, i, sum = 0;

    for (i = 0; i < n; i++) {
        place[from[i]->key >> shift & 0xff]++;
    }
    if (place[from[0]->key >> shift & 0xff] == n) {
        return false;
    }
    for (i = 0; i < ARRAY_SIZE(place); i++) {
        uint32_t count = place[i];

        place[i] = sum;
        sum += count;
    }
    for (i = 0; i < n; i++) {
        to[place[from[i]->key >> shift & 0xff]++] = from[i];
    }
    return true;
}

/* By class, then source, then target; the last byte first. */
static int sort(const struct avtab_node **node, uint32_t n)
{
    static const uint8_t shifts[] = { 16, 24, 0, 8, 32 };
    const struct avtab_node **from = node, **to, **scratch = xsm_env_alloc(n * sizeof(*scratch));
    uint32_t i;

    if (scratch == NULL) {
        return -ENOMEM;
    }
    to = scratch;
    for (i = 0; i < ARRAY_SIZE(shifts); i++) {
        if (sort_by_byte(from, to, n, shifts[i])) {
            const struct avtab_node **other = from;

            from = to;
            to = other;
        }
    }
    if (from != node) {
        memcpy(node, scratch, n * sizeof(*node));
    }
    xsm_env_free(scratch);
    return 0;
}

/* Where the walk over sorted nodes begins something new. */
struct step {
    bool row, source_word, target_word;
};

static struct step step_at(const struct avtab_node *const *node, uint32_t i)
{
    uint64_t key = node[i]->key, before = i > 0 ? node[i - 1]->key : 0;
    bool class = i == 0 || class_of(key) != class_of(before);
    bool row = class || source_of(key) != source_of(before);

    return (struct step){
        .row = row,
        .source_word = class || source_of(key) / WORD_BITS != source_of(before) / WORD_BITS,
        .target_word = row || target_of(key) / WORD_BITS != target_of(before) / WORD_BITS,
    };
}

static void set_bit(struct rule_word *w, bool fresh, uint32_t bit, uint32_t first)
{
    if (fresh) {
        *w = (struct rule_word){ .number = (bit / WORD_BITS) & 0x7fffffff, .first = first };
    }
    w->map |= (uint64_t)1 << bit % WORD_BITS;
}

static void fill(struct rule_index *x, uint32_t n, uint32_t class_count)
{
    uint32_t i, class = 0, rows = 0, sources = 0, targets = 0;

    for (i = 0; i < n; i++) {
        uint64_t key = x->node[i]->key;
        struct step s = step_at(x->node, i);

        for (; class < class_of(key); class++) {
            x->of_class[class] = sources;
        }
        sources += s.source_word;
        if (s.row && i > 0) {
            x->target[targets - 1].last = 1;
        }
        if (s.row) {
            x->of_row[rows] = targets;
            set_bit(&x->source[sources - 1], s.source_word, source_of(key), rows);
            rows++;
        }
        targets += s.target_word;
        set_bit(&x->target[targets - 1], s.target_word, target_of(key), i);
    }
    x->target[targets - 1].last = 1;
    for (; class <= class_count; class++) {
        x->of_class[class] = sources;
    }
}

/* No popcount instruction may be assumed; nor would it be cheap to do without for whole words, at each decision. */
#define WEIGHTS_OF_2(n) (n), (n) + 1
#define WEIGHTS_OF_4(n) WEIGHTS_OF_2(n), WEIGHTS_OF_2((n) + 1)
#define WEIGHTS_OF_16(n) WEIGHTS_OF_4(n), WEIGHTS_OF_4((n) + 1), WEIGHTS_OF_4((n) + 1), WEIGHTS_OF_4((n) + 2)
#define WEIGHTS_OF_64(n) WEIGHTS_OF_16(n), WEIGHTS_OF_16((n) + 1), WEIGHTS_OF_16((n) + 1), WEIGHTS_OF_16((n) + 2)
static const uint8_t weight[256] = {
    WEIGHTS_OF_64(0), WEIGHTS_OF_64(1), WEIGHTS_OF_64(1), WEIGHTS_OF_64(2),
};

static void count_below(struct rule_word *w, uint32_t n)
{
    unsigned int i;

    for (; n > 0; n--, w++) {
        for (i = 1; i < 8; i++) {
            w->below[i] = (uint8_t)(w->below[i - 1] + weight[w->byte[i - 1]]);
        }
    }
}

int rule_index_build(struct rule_index *x, const struct avtab *t, struct arena *a, uint32_t class_count,
                     uint32_t type_count)
{
    uint32_t i, n = 0, rows = 0, sources = 0, targets = 0;
    const struct avtab_node *node;
    int rc;

    *x = (struct rule_index){
        .of_class = arena_array(a, (size_t)class_count + 1, sizeof(*x->of_class)),
        .words = type_count / WORD_BITS + 1,
    };
    x->node = arena_array(a, t->count, sizeof(*x->node));
    if (x->of_class == NULL || x->node == NULL) {
        return a->error;
    }
    for (i = 0; i <= t->mask; i++) {
        for (node = t->bucket[i]; node != NULL; node = node->next) {
            if (node->key >> 48 == 0) {
                x->node[n++] = node;
            }
        }
    }
    if (n == 0) {
        return 0;
    }
    rc = sort(x->node, n);
    if (rc != 0) {
        return rc;
    }
    for (i = 0; i < n; i++) {
        struct step s = step_at(x->node, i);

        rows += s.row;
        sources += s.source_word;
        targets += s.target_word;
    }
    x->of_row = arena_array(a, rows, sizeof(*x->of_row));
    x->source = arena_array(a, sources, sizeof(*x->source));
    x->target = arena_array(a, targets, sizeof(*x->target));
    if (x->of_row == NULL || x->source == NULL || x->target == NULL) {
        return a->error;
    }
    fill(x, n, class_count);
    count_below(x->source, sources);
    count_below(x->target, targets);
    return 0;
}

/* What belongs to a bit of a word. */
static inline uint32_t belongs_to(const struct rule_word *w, unsigned int bit)
{
    static const uint8_t lower[8] = { 0x00, 0x01, 0x03, 0x07, 0x0f, 0x1f, 0x3f, 0x7f };

    return w->first + w->below[bit / 8] + weight[w->byte[bit / 8] & lower[bit % 8]];
}

static inline void add_nodes(const struct rule_index *x, const struct rule_word *w, uint64_t bits,
                             struct av_vector *v)
{
    for (; bits != 0; bits &= bits - 1) {
        const struct av_vector *f = &x->node[belongs_to(w, (unsigned int)__builtin_ctzll(bits))]->force;

        v->allowed |= f->allowed;
        v->audit_allow |= f->audit_allow;
        v->audit_deny &= f->audit_deny;
    }
}

/* A row met with targets of which all words are at hand. */
static inline void add_row(const struct rule_index *x, uint32_t row, const uint64_t *targets,
                           struct av_vector *v)
{
    const struct rule_word *w = x->target + x->of_row[row];

    do {                         /* no row is empty */
        uint64_t bits = w->map & targets[w->number];

        if (bits != 0) {
            add_nodes(x, w, bits, v);
        }
    } while (!w++->last);
}

/* The same where there are many types, and few words of them in a set. */
static void add_row_sparse(const struct rule_index *x, uint32_t row, const struct ebitmap *targets,
                           struct av_vector *v)
{
    const struct rule_word *w = x->target + x->of_row[row];
    const struct ebitmap_node *t = targets->node, *end = t + targets->count;

    for (;; w++) {
        while (t < end && t->start / WORD_BITS < w->number) {
            t++;
        }
        if (t == end) {
            return;
        }
        if (t->start / WORD_BITS == w->number) {
            add_nodes(x, w, w->map & t->map, v);
        }
        if (w->last) {
            return;
        }
    }
}

/* `dense`: all words of `targets`, or NULL; constant in each caller, which has a loop of its own. */
static inline __attribute__((always_inline)) void add_rows(const struct rule_index *x, uint32_t tclass,
                                                           const struct ebitmap *sources,
                                                           const struct ebitmap *targets,
                                                           const uint64_t *dense, struct av_vector *v)
{
    const struct rule_word *w = x->source + x->of_class[tclass - 1], *w_end = x->source + x->of_class[tclass];
    const struct ebitmap_node *s = sources->node, *s_end = s + sources->count;
    struct av_vector sum = *v;
    uint64_t bits;

    while (w < w_end && s < s_end) {
        if (w->number < s->start / WORD_BITS) {
            w++;
            continue;
        }
        if (w->number > s->start / WORD_BITS) {
            s++;
            continue;
        }
        for (bits = w->map & s->map; bits != 0; bits &= bits - 1) {
            uint32_t row = belongs_to(w, (unsigned int)__builtin_ctzll(bits));

            if (dense != NULL) {
                add_row(x, row, dense, &sum);
            } else {
                add_row_sparse(x, row, targets, &sum);
            }
        }
        w++;
        s++;
    }
    *v = sum;
}

void rule_index_add(const struct rule_index *x, uint32_t tclass, const struct ebitmap *sources,
                    const struct ebitmap *targets, struct av_vector *v)
{
    uint64_t dense[DENSE_WORDS];
    uint32_t i;

    if (x->words > DENSE_WORDS) {
        add_rows(x, tclass, sources, targets, NULL, v);
        return;
    }
    for (i = 0; i < x->words; i++) {
        dense[i] = 0;
    }
    for (i = 0; i < targets->count; i++) {
        dense[targets->node[i].start / WORD_BITS] = targets->node[i].map;
    }
    add_rows(x, tclass, sources, targets, dense, v);
}
