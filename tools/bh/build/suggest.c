/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Edit distance over short words, with neighbouring letters swapped counted as one mistake: the
 * commonest slip of the keyboard should find its word.
 */
#include "suggest.h"

#include <string.h>

#define LONGEST 40

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;

    return least < c ? least : c;
}

static size_t distance(const char *a, const char *b)
{
    size_t rows = strlen(a);
    size_t columns = strlen(b);
    size_t cost[LONGEST + 1][LONGEST + 1];

    if (rows > LONGEST || columns > LONGEST) {
        return LONGEST + 1;
    }
    for (size_t i = 0; i <= rows; i++) {
        cost[i][0] = i;
    }
    for (size_t j = 0; j <= columns; j++) {
        cost[0][j] = j;
    }
    for (size_t i = 1; i <= rows; i++) {
        for (size_t j = 1; j <= columns; j++) {
            size_t differs = a[i - 1] != b[j - 1];

            cost[i][j] = smallest(cost[i - 1][j] + 1, cost[i][j - 1] + 1,
                                  cost[i - 1][j - 1] + differs);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]
                && cost[i - 2][j - 2] + 1 < cost[i][j]) {
                cost[i][j] = cost[i - 2][j - 2] + 1;
            }
        }
    }
    return cost[rows][columns];
}

const char *suggest_nearest(const char *word, const char *const *known, size_t count)
{
    const char *best = NULL;
    size_t best_cost = LONGEST + 1;

    for (size_t i = 0; i < count; i++) {
        size_t cost = distance(word, known[i]);
        size_t allowed = strlen(known[i]) / 3 > 1 ? strlen(known[i]) / 3 : 1;

        if (cost <= allowed && cost < best_cost) {
            best = known[i];
            best_cost = cost;
        }
    }
    return best;
}
