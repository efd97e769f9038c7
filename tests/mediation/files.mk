# SPDX-License-Identifier: Apache-2.0
unit-tests += test_mediation
test_mediation-src = tests/mediation/test_mediation.c tests/mediation/hollow.c xen/common/hypercall.c \
                     xen/common/hypercall_table.c $(wildcard xen/common/hypercalls/*.c) \
                     $(wildcard xen/common/evtchn/*.c) $(fakes)
test_mediation-cflags := -Itests/mediation
