# SPDX-License-Identifier: Apache-2.0
unit-tests += test_decode
test_decode-src := tests/unit/hvm/test_decode.c xen/arch/x86/hvm/decode.c
test_decode-cflags := -Ixen/arch/x86/include
