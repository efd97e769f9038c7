/* SPDX-License-Identifier: Apache-2.0 */
#include "show.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

#define ROWS_MAX 64
#define NS 1000000000.0

static int64_t number(json_object *o, const char *key)
{
    json_object *v;

    return json_object_object_get_ex(o, key, &v) && json_object_is_type(v, json_type_int) ? json_object_get_int64(v) : -1;
}

static const char *word(char *to, size_t size, json_object *o, const char *key)
{
    const char *text = message_string(o, key);

    return client_plain(to, size, text != NULL ? text : "?");
}

static size_t rows(json_object *reply, json_object **list)
{
    size_t n = json_object_object_get_ex(reply, "domains", list) && json_object_is_type(*list, json_type_array)
                   ? json_object_array_length(*list) : 0;

    return n < ROWS_MAX ? n : ROWS_MAX;
}

static void show_host(FILE *out, json_object *reply)
{
    json_object *host;

    if (json_object_object_get_ex(reply, "host", &host)) {
        fprintf(out, "%lld CPUs, %lld MiB of memory, %lld MiB free\n\n", (long long)number(host, "cpus"),
                (long long)number(host, "memory_kib") / 1024, (long long)number(host, "free_kib") / 1024);
    }
}

static void age_text(char *to, size_t size, int64_t ns)
{
    long long s = ns / 1000000000;

    if (ns < 0) {
        snprintf(to, size, "?");
    } else if (s >= 86400) {
        snprintf(to, size, "%lldd%02lldh", s / 86400, s / 3600 % 24);
    } else if (s >= 3600) {
        snprintf(to, size, "%lldh%02lldm", s / 3600, s / 60 % 60);
    } else {
        snprintf(to, size, "%lldm%02llds", s / 60, s % 60);
    }
}

static void devices_text(char *to, size_t size, json_object *o)
{
    json_object *list;
    size_t used = 0, n = json_object_object_get_ex(o, "devices", &list) && json_object_is_type(list, json_type_array)
                             ? json_object_array_length(list) : 0;

    snprintf(to, size, "-");
    for (size_t i = 0; i < n && used + 10 < size; i++) {
        json_object *d = json_object_array_get_idx(list, i);
        char text[9];

        client_plain(text, sizeof(text), json_object_is_type(d, json_type_string) ? json_object_get_string(d) : "?");
        used += (size_t)snprintf(to + used, size - used, "%s%s", i != 0 ? "," : "", text);
    }
}

void show_status(FILE *out, json_object *reply)
{
    json_object *list;
    size_t n = rows(reply, &list);

    show_host(out, reply);
    fprintf(out, "%5s %-15s %-8s %6s %8s %5s %10s %8s  %-18s %s\n", "ID", "NAME", "STATE", "STARTS", "MEM/MiB", "VCPUS",
            "CPU/s", "AGE", "DEVICES", "LABEL");
    for (size_t i = 0; i < n; i++) {
        json_object *o = json_object_array_get_idx(list, i);
        char name[16], state[9], age[24], devices[48], label[128];

        age_text(age, sizeof(age), number(o, "age_ns"));
        devices_text(devices, sizeof(devices), o);
        fprintf(out, "%5lld %-15s %-8s %6lld %8.1f %5lld %10.2f %8s  %-18s %s\n", (long long)number(o, "id"),
                word(name, sizeof(name), o, "name"), word(state, sizeof(state), o, "state"), (long long)number(o, "starts"),
                (double)number(o, "memory_kib") / 1024, (long long)number(o, "vcpus"), (double)number(o, "cpu_ns") / NS, age,
                devices, word(label, sizeof(label), o, "label"));
    }
}

void show_json(FILE *out, json_object *reply)
{
    const char *text;

    json_object_object_del(reply, "ok");
    json_object_object_del(reply, "id");
    text = json_object_to_json_string_ext(reply, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
    for (; *text != '\0'; text++) {
        fputc(*text >= ' ' && *text <= '~' ? *text : '?', out); /* U+009B and the like are obeyed too */
    }
    fputc('\n', out);
}

struct use {
    json_object *o;
    double percent;
};

static int busiest_first(const void *a, const void *b)
{
    double x = ((const struct use *)a)->percent, y = ((const struct use *)b)->percent;

    return (x < y) - (x > y);
}

/* CPU time since the earlier reply; a domain that started again begins at nothing. */
static double used(json_object *before, json_object *o, double passed)
{
    json_object *list;
    size_t n = before != NULL ? rows(before, &list) : 0;

    for (size_t i = 0; i < n && passed > 0; i++) {
        json_object *p = json_object_array_get_idx(list, i);

        if (number(p, "id") == number(o, "id")) {
            int64_t from = number(p, "starts") == number(o, "starts") ? number(p, "cpu_ns") : 0;

            return 100 * (double)(number(o, "cpu_ns") - from) / passed;
        }
    }
    return 0;
}

void show_top(FILE *out, json_object *before, json_object *now)
{
    struct use use[ROWS_MAX];
    json_object *list;
    size_t n = rows(now, &list);
    double passed = before != NULL ? (double)(number(now, "time_ns") - number(before, "time_ns")) : 0;

    for (size_t i = 0; i < n; i++) {
        use[i].o = json_object_array_get_idx(list, i);
        use[i].percent = used(before, use[i].o, passed);
    }
    qsort(use, n, sizeof(use[0]), busiest_first);
    show_host(out, now);
    fprintf(out, "%5s %-15s %-8s %6s %10s %8s %5s %6s\n", "ID", "NAME", "STATE", "CPU/%", "CPU/s", "MEM/MiB", "VCPUS", "STARTS");
    for (size_t i = 0; i < n; i++) {
        json_object *o = use[i].o;
        char name[16], state[9];

        fprintf(out, "%5lld %-15s %-8s %6.1f %10.2f %8.1f %5lld %6lld\n", (long long)number(o, "id"),
                word(name, sizeof(name), o, "name"), word(state, sizeof(state), o, "state"), use[i].percent,
                (double)number(o, "cpu_ns") / NS, (double)number(o, "memory_kib") / 1024, (long long)number(o, "vcpus"),
                (long long)number(o, "starts"));
    }
}
