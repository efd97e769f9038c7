# SPDX-License-Identifier: Apache-2.0
unit-tests += test_mediation
test_mediation-src = tests/mediation/test_mediation.c tests/mediation/hollow.c xen/common/hypercall.c \
                     xen/common/hypercall_table.c $(wildcard xen/common/hypercalls/*.c) \
                     $(wildcard xen/common/evtchn/*.c) xen/lib/sha256.c $(fakes)
test_mediation-cflags := -Itests/mediation

# What single hypercalls answer, over the same empty machine.
unit-tests += test_families
test_families-src = tests/unit/common/hypercall/test_families.c tests/mediation/hollow.c \
                    xen/common/hypercall.c xen/common/hypercall_table.c xen/common/console_ring.c \
                    $(wildcard xen/common/hypercalls/*.c) $(wildcard xen/common/evtchn/*.c) \
                    xen/lib/sha256.c $(fakes)
test_families-cflags := -Itests/mediation

# The guest under a policy that denies everything: its list of calls is made from the headers, its policy from deny.cil.
guest-tests += mediation
$(O)/include/mediation_ops.h: tests/mediation/list-ops | $(public)
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)tests/mediation/list-ops /usr/include/xen >$@
generated += $(O)/include/mediation_ops.h
deny-base := policy/access_vectors.cil policy/base.cil
$(O)/tests/mediation/deny.bin: $(deny-base) tests/mediation/deny.cil
	$(call say,POLICY,$@)
	$(Q)mkdir -p $(@D)
	$(Q)secilc --target=xen --policyvers=30 --mls=false --handle-unknown=deny --filecontext=/dev/null -o $@ $^
$(O)/tests/guest/mediation.elf: $(O)/tests/mediation/deny.bin

# What a change of policy takes away: the policy in force, and one that does not know the domain.
guest-tests += revoke revoke-race
$(O)/tests/mediation/revoke%bin: $(deny-base) tests/mediation/revoke%cil
	$(call say,POLICY,$@)
	$(Q)mkdir -p $(@D)
	$(Q)secilc --target=xen --policyvers=30 --mls=false --handle-unknown=deny --filecontext=/dev/null -o $@ $^
$(O)/stub/tests/guest/revoke/main.o $(O)/tests/guest/revoke-race.elf: $(O)/tests/mediation/revoke.bin $(O)/tests/mediation/revoke-less.bin
cflags-tests/guest/revoke/main := -Wa,-I$(O)/tests/mediation
