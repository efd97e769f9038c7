/* SPDX-License-Identifier: Apache-2.0 */
/* Answers, as a table for people or JSON for programs, from the same rows. */
#ifndef BH_POLICY_TABLE_H
#define BH_POLICY_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include <json-c/json.h>

#define TABLE_COLUMNS_MAX 8

/* Keys are JSON's; headings are people's. The last column may be wide. */
struct table_column {
    const char *key, *heading;
};

struct table {
    const struct table_column *columns; /* borrowed */
    size_t column_count;
    json_object *rows;                   /* array of objects; owned */
};

void table_init(struct table *r, const struct table_column *columns, size_t count);
/** Add a row; a cell is a string (copied), NULL shows as "" and is left out of JSON. */
void table_row(struct table *r, const char *const *cells);
void table_text(const struct table *r, FILE *out);
/** The rows, the caller's; the table is empty then. */
json_object *table_take(struct table *r);
void table_free(struct table *r);

/** Write JSON, sorted as made, with a newline, and free it. */
void json_write(json_object *o, FILE *out);

#endif
