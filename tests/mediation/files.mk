# SPDX-License-Identifier: Apache-2.0
unit-tests += test_mediation
test_mediation-src = tests/mediation/test_mediation.c tests/mediation/hollow.c xen/common/hypercall.c \
                     xen/common/hypercall_table.c $(wildcard xen/common/hypercalls/*.c) \
                     $(wildcard xen/common/evtchn/*.c) $(fakes)
test_mediation-cflags := -Itests/mediation

# What single hypercalls answer, over the same empty machine.
unit-tests += test_families
test_families-src = tests/unit/common/hypercall/test_families.c tests/mediation/hollow.c \
                    xen/common/hypercall.c xen/common/hypercall_table.c xen/common/console_ring.c \
                    $(wildcard xen/common/hypercalls/*.c) $(wildcard xen/common/evtchn/*.c) $(fakes)
test_families-cflags := -Itests/mediation
