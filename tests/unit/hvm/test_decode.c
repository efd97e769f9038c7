/* SPDX-License-Identifier: Apache-2.0 */
/* The decoder for moves to emulated device memory: forms that kernels use, forms it must refuse, and no byte read past the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include <xen/errno.h>
#include <xen/lib.h>

#include "../../../xen/arch/x86/include/asm/decode.h"

struct example {
    const char *name;
    uint8_t bytes[15];
    size_t count;
    bool mode64;
    int rc;
    struct decoded want;
};

static const struct example examples[] = {
    { "mov eax, [rdi]", { 0x8b, 0x07 }, 2, true, 0, { .reg = 0, .length = 2 } },
    { "mov [rdi+0xb0], esi", { 0x89, 0xb7, 0xb0, 0, 0, 0 }, 6, true, 0, { .write = true, .reg = 6, .length = 6 } },
    { "mov r9d, [rax]", { 0x44, 0x8b, 0x08 }, 3, true, 0, { .reg = 9, .length = 3 } },
    { "mov dword [abs], 5", { 0xc7, 0x04, 0x25, 0, 0, 0xe0, 0xfe, 5, 0, 0, 0 }, 11, true, 0,
      { .write = true, .immediate = true, .value = 5, .length = 11 } },
    { "xchg [rdi], eax", { 0x87, 0x07 }, 2, true, 0, { .write = true, .exchange = true, .length = 2 } },
    { "mov eax, moffs64", { 0xa1, 1, 2, 3, 4, 5, 6, 7, 8 }, 9, true, 0, { .length = 9 } },
    { "mov moffs32, eax", { 0xa3, 1, 2, 3, 4 }, 5, false, 0, { .write = true, .length = 5 } },
    { "mov [rsi], al", { 0x88, 0x06 }, 2, true, 0, { .write = true, .size = 1, .length = 2 } },
    { "mov byte [rsi], 7", { 0xc6, 0x06, 7 }, 3, true, 0,
      { .write = true, .size = 1, .immediate = true, .value = 7, .length = 3 } },
    { "gs mov eax, [rip+4]", { 0x65, 0x8b, 0x05, 4, 0, 0, 0 }, 7, true, 0, { .length = 7 } },
    { "mov rax, [rdi]: 64 bits", { 0x48, 0x8b, 0x07 }, 3, true, -EOPNOTSUPP, { 0 } },
    { "mov ax, [edi]", { 0x66, 0x8b, 0x07 }, 3, true, 0, { .size = 2, .length = 3 } },
    { "mov word [rdi], 0x1234", { 0x66, 0xc7, 0x07, 0x34, 0x12 }, 5, true, 0,
      { .write = true, .size = 2, .immediate = true, .value = 0x1234, .length = 5 } },
    { "xchg [rdi], ax: 16 bits", { 0x66, 0x87, 0x07 }, 3, true, -EOPNOTSUPP, { 0 } },
    { "mov al, [rdi]", { 0x8a, 0x07 }, 2, true, 0, { .size = 1, .length = 2 } },
    { "mov [rdi], ah", { 0x88, 0x27 }, 2, true, -EOPNOTSUPP, { 0 } },
    { "mov [rdi], spl", { 0x40, 0x88, 0x27 }, 3, true, 0, { .write = true, .size = 1, .reg = 4, .length = 3 } },
    { "mov ah, [rdi]", { 0x8a, 0x27 }, 2, true, -EOPNOTSUPP, { 0 } },
    { "add [rdi], eax", { 0x01, 0x07 }, 2, true, -EOPNOTSUPP, { 0 } },
    { "mov eax, ecx: no memory", { 0x8b, 0xc1 }, 2, true, -EINVAL, { 0 } },
    { "0x40 is inc in 32 bits", { 0x40, 0x8b, 0x07 }, 3, false, -EOPNOTSUPP, { 0 } },
    { "nothing", { 0 }, 0, true, -EINVAL, { 0 } },
};

static void decode_examples_as_the_manual(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
        const struct example *e = &examples[i];
        struct decoded got;

        if (decode_move(e->bytes, e->count, e->mode64, &got) != e->rc) {
            fail_msg("%s: wrong result", e->name);
        }
        if (!e->rc && (got.write != e->want.write || got.exchange != e->want.exchange || got.size != (e->want.size ? e->want.size : 4) ||
                       got.immediate != e->want.immediate || got.reg != e->want.reg ||
                       got.value != e->want.value || got.length != e->want.length)) {
            fail_msg("%s: wrong fields", e->name);
        }
    }
}

static void decode_every_prefix_stays_inside(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
        for (size_t n = 0; n < examples[i].count; n++) {
            uint8_t *exact = malloc(n ? n : 1); /* the sanitizer watches its end */
            struct decoded got;

            memcpy(exact, examples[i].bytes, n);
            assert_int_not_equal(decode_move(exact, n, examples[i].mode64, &got), 0);
            free(exact);
        }
    }
}

static void decode_random_bytes_bounded(void **state)
{
    uint32_t seed = 1;

    (void)state;
    for (unsigned i = 0; i < 200000; i++) {
        uint8_t bytes[15];
        struct decoded got;

        for (size_t k = 0; k < sizeof(bytes); k++) {
            seed = seed * 1664525u + 1013904223u;
            bytes[k] = (uint8_t)(seed >> 24);
        }
        if (!decode_move(bytes, sizeof(bytes), seed & 1, &got)) {
            assert_in_range(got.length, 2, 15);
            assert_in_range(got.reg, 0, 15);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decode_examples_as_the_manual),
        cmocka_unit_test(decode_every_prefix_stays_inside),
        cmocka_unit_test(decode_random_bytes_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
