/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of information: small random graphs, and every answer held against one that tries all ways. */
#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "../../../tools/bh/policy/flow.h"

#define NODES 7
#define GRAPHS 3000
#define MOST 1000

static unsigned int seed = 1;

static unsigned int pick(unsigned int below)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 16) % below;
}

struct graph {
    unsigned int weight[NODES][NODES]; /* heaviest; 0: no edge */
    bool excluded[NODES];
    struct flow flow;
    struct flow_limits limits;
};

static void make(struct graph *g)
{
    size_t count = 0, room = pick(NODES * 4);
    struct flow_use *uses = bh_alloc((room + 1) * sizeof(*uses));

    memset(g, 0, sizeof(*g));
    for (size_t i = 0; i < room; i++) {
        unsigned int from = pick(NODES), to = pick(NODES), bit = pick(32), weight = 1 + pick(10);

        if (from == to) {
            continue;
        }
        uses[count] = (struct flow_use){ .from = (uint16_t)from, .to = (uint16_t)to, .source = (uint16_t)pick(NODES),
                                         .tclass = (uint16_t)pick(3), .perms = 1u << bit };
        uses[count++].weights[bit] = (uint8_t)weight;
        g->weight[from][to] = weight > g->weight[from][to] ? weight : g->weight[from][to];
    }
    for (size_t n = 0; n < NODES; n++) {
        g->excluded[n] = pick(5) == 0;
    }
    flow_of_uses(&g->flow, NODES, uses, count);
    g->limits = (struct flow_limits){ .excluded = g->excluded, .weight = pick(2) ? pick(11) : 0, .steps = pick(3) ? 0 : 1 + pick(4) };
}

/* All ways without a circle, one by one: how long the shortest is, and how many are as short. */
static void walk(const struct graph *g, unsigned int at, unsigned int end, unsigned int start, unsigned int length, unsigned int visited,
                 unsigned int *best, size_t *ways)
{
    if (at == end) {
        if (length < *best) {
            *best = length;
            *ways = 0;
        }
        *ways += length == *best;
        return;
    }
    if ((g->excluded[at] && at != start) || (g->limits.steps > 0 && length == g->limits.steps)) {
        return;
    }
    for (unsigned int next = 0; next < NODES; next++) {
        if (g->weight[at][next] > 0 && g->weight[at][next] >= g->limits.weight && !(visited >> next & 1)) {
            walk(g, next, end, start, length + 1, visited | 1u << next, best, ways);
        }
    }
}

static void check_way(const struct graph *g, const size_t *edges, unsigned int length, unsigned int from, unsigned int to)
{
    unsigned int at = from;

    for (unsigned int i = 0; i < length; i++) {
        const struct flow_edge *e = &g->flow.edges[edges[i]];

        assert_int_equal(e->from, at);
        assert_int_equal(e->weight, g->weight[e->from][e->to]);
        assert_true(e->weight >= g->limits.weight);
        assert_true(i == 0 || !g->excluded[at]);
        assert_true(e->count > 0);
        for (size_t k = e->first; k < e->first + e->count; k++) {
            assert_int_equal(g->flow.uses[k].from, e->from);
            assert_int_equal(g->flow.uses[k].to, e->to);
        }
        assert_ptr_equal(flow_edge_find(&g->flow, e->from, e->to), e);
        at = e->to;
    }
    assert_int_equal(at, to);
}

static void check_pair(const struct graph *g, const struct flow_reached *r, const struct flow_reached *back, unsigned int from, unsigned int to)
{
    unsigned int best = FLOW_FAR;
    size_t ways = 0, found, *edges, *one;

    walk(g, from, to, from, 0, 1u << from, &best, &ways);
    assert_int_equal(r->steps[to], best);
    assert_int_equal(back->steps[from], best);
    if (best == FLOW_FAR || best == 0) {
        return;
    }
    assert_int_equal(flow_path(&g->flow, r, (int)to, &one), best);
    check_way(g, one, best, from, to);
    free(one);
    found = flow_paths(&g->flow, r, (int)to, &g->limits, MOST, &edges);
    assert_int_equal(found, ways);
    for (size_t i = 0; i < found; i++) {
        check_way(g, edges + i * best, best, from, to);
        for (size_t k = 0; k < i; k++) {
            assert_memory_not_equal(edges + i * best, edges + k * best, best * sizeof(*edges));
        }
    }
    free(edges);
    if (ways > 1) {
        assert_int_equal(flow_paths(&g->flow, r, (int)to, &g->limits, ways - 1, &edges), ways);
        free(edges);
    }
}

static void search_random_as_all_ways_tried(void **state)
{
    size_t reached = 0;

    (void)state;
    for (int n = 0; n < GRAPHS; n++) {
        struct graph g;
        struct flow_reached forward[NODES], backward[NODES];

        make(&g);
        for (int i = 0; i < NODES; i++) {
            flow_search(&g.flow, i, false, &g.limits, &forward[i]);
            flow_search(&g.flow, i, true, &g.limits, &backward[i]);
        }
        for (unsigned int i = 0; i < NODES; i++) {
            for (unsigned int k = 0; k < NODES; k++) {
                check_pair(&g, &forward[i], &backward[k], i, k);
                reached += i != k && forward[i].steps[k] != FLOW_FAR;
            }
        }
        for (int i = 0; i < NODES; i++) {
            flow_reached_free(&forward[i]);
            flow_reached_free(&backward[i]);
        }
        flow_free(&g.flow);
    }
    assert_true(reached > GRAPHS); /* the graphs are not all empty */
}

static void perms_below_weight_left_out(void **state)
{
    struct flow_use u = { .perms = 7, .weights = { 1, 5, 10 } };

    (void)state;
    assert_int_equal(flow_perms(&u, &(struct flow_limits){ .weight = 0 }), 7);
    assert_int_equal(flow_perms(&u, &(struct flow_limits){ .weight = 5 }), 6);
    assert_int_equal(flow_perms(&u, &(struct flow_limits){ .weight = 10 }), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(search_random_as_all_ways_tried),
        cmocka_unit_test(perms_below_weight_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
