/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#include <string.h>

void table_init(struct table *r, const struct table_column *columns, size_t count)
{
    r->columns = columns;
    r->column_count = count;
    r->rows = json_object_new_array();
}

void table_row(struct table *r, const char *const *cells)
{
    json_object *row = json_object_new_object();

    for (size_t i = 0; i < r->column_count; i++) {
        if (cells[i] != NULL) {
            json_object_object_add(row, r->columns[i].key, json_object_new_string(cells[i]));
        }
    }
    json_object_array_add(r->rows, row);
}

static const char *cell(const struct table *r, size_t row, size_t column)
{
    json_object *o = json_object_array_get_idx(r->rows, row), *v;

    return json_object_object_get_ex(o, r->columns[column].key, &v) ? json_object_get_string(v) : "";
}

void table_text(const struct table *r, FILE *out)
{
    size_t rows = json_object_array_length(r->rows), width[TABLE_COLUMNS_MAX];

    for (size_t c = 0; c < r->column_count; c++) {
        width[c] = strlen(r->columns[c].heading);
        for (size_t i = 0; i < rows; i++) {
            size_t len = strlen(cell(r, i, c));

            width[c] = len > width[c] ? len : width[c];
        }
    }
    for (size_t i = 0; i <= rows; i++) {
        for (size_t c = 0; c < r->column_count; c++) {
            const char *text = i == 0 ? r->columns[c].heading : cell(r, i - 1, c);
            bool last = c + 1 == r->column_count;

            if (last) {
                fprintf(out, "%s\n", text);
            } else {
                fprintf(out, "%-*s  ", (int)width[c], text);
            }
        }
    }
}

json_object *table_take(struct table *r)
{
    json_object *rows = r->rows;

    r->rows = NULL;
    return rows;
}

void table_free(struct table *r)
{
    json_object_put(r->rows);
    r->rows = NULL;
}

void json_write(json_object *o, FILE *out)
{
    fprintf(out, "%s\n", json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(o);
}
