# SPDX-License-Identifier: Apache-2.0
bh-test = $(addprefix tools/bh/build/,$(addsuffix .c,$(1)))

unit-tests += tools-host
tools-host-src := tests/unit/tools/test_host.c \
    $(call bh-test,buf conf diag file host host_check suggest value)
tools-host-libs := -lcrypto
