/* SPDX-License-Identifier: Apache-2.0 */
/* A host's memory, damaged by whatever. What is taken is written, and read again as the same. */
#include <stdlib.h>
#include <string.h>

#include <attest/history.h>
#include <attest/message.h>

#include "manifest_elf_runner.h"

bool fuzz_seed_accepted;

size_t fuzz_seed(uint8_t *buf, size_t max)
{
    static const uint8_t nonce[32] = {7};
    const struct bytes asked = {(uint8_t *)(uintptr_t)nonce, sizeof(nonce)};
    struct evidence none = {.pcr_mask = 0};
    struct history *h = history_new("web");
    struct verdict v = {.count = 0};
    struct history_set *set = history_set_of(h, "web-1", true);
    char *text = NULL;
    size_t n;

    h->enrolled = 1700000000;
    h->has_clock = true;
    h->clock = (struct clock_info){.clock = 5000, .reset = 3, .restart = 1, .safe = true};
    h->quote_count = 1;
    set->met = 1700000100;
    set->ends = 1800000000;
    history_add_nonce(h, &asked, 1700000200);
    verdict_add(&v, CODE_OK, 9, REFERENCE_FILE, "policy", "", "sha256");
    verdict_add(&v, CODE_MISSING, 22, REFERENCE_DOMAIN, "guest", "started", "");
    verdict_add(&v, CODE_OK, -1, -1, "quote", "", "fresh");
    if (history_add_verdict(h, &v, &none, 1700000300) != 0 || history_print(h, &text) != 0 || (n = strlen(text)) > max) {
        abort();
    }
    memcpy(buf, text, n);
    free(text);
    verdict_free(&v);
    history_free(h);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct history *h = history_new("web"), *second = history_new("web");
    char *text = NULL, *same = NULL;

    if (history_parse(h, data, size) == NULL) {
        fuzz_seed_accepted = true;
        if (history_print(h, &text) != 0 || history_parse(second, (const uint8_t *)text, strlen(text)) != NULL
            || history_print(second, &same) != 0 || strcmp(text, same) != 0) {
            abort();
        }
    }
    free(text);
    free(same);
    history_free(h);
    history_free(second);
    return 0;
}
