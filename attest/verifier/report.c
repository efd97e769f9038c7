/* SPDX-License-Identifier: Apache-2.0 */
/* Printing. Strings in findings are printable already; those of a log are cleaned here. */
#include "report.h"

#include <stdlib.h>
#include <string.h>

#include <attest/error.h>
#include <attest/utc.h>

static const char *kind_name(int kind)
{
    return kind < 0 ? "check" : reference_kind_name((enum reference_kind)kind);
}

static bool is_failure(const struct finding *f)
{
    return verify_code_is_failure(f->code);
}

static void pcr_text(char buf[12], int pcr)
{
    if (pcr < 0) {
        strcpy(buf, "-");
    } else {
        snprintf(buf, 12, "%d", pcr);
    }
}

void report_text(FILE *out, const struct verdict *v, bool verbose)
{
    unsigned int commands = 0;
    bool unmeasured = false;
    char pcr[12], t[UTC_SIZE];

    fprintf(out, "%-24s %-4s %-18s %s\n", "COMPONENT", "PCR", "STATUS", "FOUND");
    for (size_t i = 0; i < v->count; i++) {
        const struct finding *f = &v->finding[i];

        unmeasured |= f->code == CODE_UNMEASURED_ALLOWED && f->kind >= 0;
        if (f->code == CODE_OK && f->kind == REFERENCE_GRUB_CMD && !verbose) {
            commands++;
            continue;
        }
        pcr_text(pcr, f->pcr);
        fprintf(out, "%-24s %-4s %-18s %s\n", f->component, pcr, verify_code_name(f->code),
                f->found);
    }
    if (commands > 0) {
        fprintf(out, "%-24s %-4s %-18s %u commands as expected\n", "loader-commands", "8", "ok",
                commands);
    }
    for (size_t i = 0; i < v->count; i++) {
        const struct finding *f = &v->finding[i];

        if (is_failure(f)) {
            pcr_text(pcr, f->pcr);
            fprintf(out, "FAIL %s (PCR %s): %s: expected %s, found %s", f->component, pcr,
                    verify_code_name(f->code), f->expected[0] != '\0' ? f->expected : "nothing",
                    f->found[0] != '\0' ? f->found : "nothing");
            if (f->since != 0) {
                fprintf(out, ", since %s", utc_format(t, f->since));
            }
            fputc('\n', out);
        }
    }
    fprintf(out, "verdict: %s%s\n", verdict_passes(v) ? "PASS" : "FAIL",
            verdict_passes(v) && unmeasured ? " (the hypervisor itself is unmeasured)" : "");
}

void report_json(FILE *out, const struct verdict *v)
{
    json_object *root = json_object_new_object(), *list = json_object_new_array();
    char t[UTC_SIZE];

    for (size_t i = 0; i < v->count; i++) {
        const struct finding *f = &v->finding[i];
        json_object *o = json_object_new_object();

        message_add_string(o, "component", f->component);
        message_add_string(o, "code", verify_code_name(f->code));
        json_object_object_add(o, "failure", json_object_new_boolean(is_failure(f)));
        json_object_object_add(o, "pcr", f->pcr < 0 ? NULL : json_object_new_int(f->pcr));
        message_add_string(o, "kind", kind_name(f->kind));
        message_add_string(o, "expected", f->expected);
        message_add_string(o, "found", f->found);
        if (f->since != 0) {
            message_add_string(o, "since", utc_format(t, f->since));
        }
        json_object_array_add(list, o);
    }
    message_add_string(root, "verdict", verdict_passes(v) ? "PASS" : "FAIL");
    message_add_string(root, "reference", v->explained_by);
    json_object_object_add(root, "findings", list);
    fprintf(out, "%s\n",
            json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
                                                     JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(root);
}

void report_log(FILE *out, const struct event_log *log)
{
    for (size_t i = 0; i < log->count; i++) {
        const struct log_event *e = &log->event[i];
        const uint8_t *digest = log_sha256(log, e);
        char *text = log_covered_text(log, e);
        char hex[65] = "-", type[16];

        if (digest != NULL) {
            hex_encode(hex, digest, 32);
        }
        fprintf(out, "%4zu  %2d  %-32s %s  ", i, e->pcr < 24 ? (int)e->pcr : -1,
                log_type_name(e->type, type), hex);
        if (text != NULL) {
            fprintf(out, "%s\n", text_clean(text));
        } else {
            size_t n = e->size < 100 ? e->size : 100;

            fputs("(not covered) ", out); /* a hint only: the digest says nothing about this text */
            for (size_t k = 0; k < n && e->data[k] >= 0x20 && e->data[k] <= 0x7e; k++) {
                fputc(e->data[k], out);
            }
            fputc('\n', out);
        }
        free(text);
    }
}
