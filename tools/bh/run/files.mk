# SPDX-License-Identifier: Apache-2.0
bh-run-src := config console options proc qemu run scenario tamper tamper_disk tamper_find terminal
bh-run-src += tpm verify
bh-obj += $(bh-run-src:%=tools/bh/run/%.o)
bh-libs += -ljson-c

unit-tests += bh_run
bh_run-src := tools/bh/run/config.c tools/bh/run/console.c tools/bh/run/scenario.c
bh_run-src += tools/bh/run/proc.c tools/bh/run/tamper_disk.c tools/bh/run/tamper_find.c
bh_run-src += tools/bh/run/verify.c tools/bh/run/test_run.c
bh_run-cflags := -Itools/bh/run
bh_run-libs := -ljson-c
