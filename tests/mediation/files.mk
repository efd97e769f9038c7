# SPDX-License-Identifier: Apache-2.0
unit-tests += test_mediation
test_mediation-src = tests/mediation/test_mediation.c tests/mediation/hollow.c xen/common/hypercall.c \
                     xen/common/hypercall_table.c $(wildcard xen/common/hypercalls/*.c) \
                     $(wildcard xen/common/evtchn/*.c) xen/common/watchdog.c xen/lib/sha256.c $(fakes)
test_mediation-cflags := -Itests/mediation

# What single hypercalls answer, over the same empty machine.
unit-tests += test_families
test_families-src = tests/unit/common/hypercall/test_families.c tests/mediation/hollow.c \
                    xen/common/hypercall.c xen/common/hypercall_table.c xen/common/console_ring.c \
                    $(wildcard xen/common/hypercalls/*.c) $(wildcard xen/common/evtchn/*.c) \
                    xen/common/watchdog.c xen/lib/sha256.c $(fakes)
test_families-cflags := -Itests/mediation

# The guest under a policy that denies everything: its list of calls is made from the headers, its policy from deny.cil.
guest-tests += mediation
$(O)/include/mediation_ops.h: tests/mediation/list-ops | $(public)
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)tests/mediation/list-ops /usr/include/xen >$@
generated += $(O)/include/mediation_ops.h
deny-base := policy/access_vectors.cil policy/base.cil
$(O)/tests/mediation/deny.bin: policy/access_vectors.cil policy/fine_vectors.cil policy/base.cil \
                                policy/macros.cil policy/kinds/domain.cil tests/mediation/deny.cil
	$(call say,POLICY,$@)
	$(Q)mkdir -p $(@D)
	$(Q)secilc --target=xen --policyvers=30 --mls=false --handle-unknown=deny --filecontext=/dev/null -o $@ $^
$(O)/tests/guest/mediation.elf: $(O)/tests/mediation/deny.bin

# A domain that gave up its label, and is restarted.
guest-tests += restart-label
$(O)/tests/mediation/restart-label.bin: policy/access_vectors.cil policy/fine_vectors.cil policy/base.cil policy/macros.cil \
                                        policy/kinds/domain.cil tests/mediation/restart-label.cil
	$(call say,POLICY,$@)
	$(Q)mkdir -p $(@D)
	$(Q)secilc --target=xen --policyvers=30 --mls=false --handle-unknown=deny --filecontext=/dev/null -o $@ $^
$(O)/tests/guest/restart-label.elf: $(O)/tests/mediation/restart-label.bin

# Domains that come back, and one that is suspended and goes on.
guest-tests += comeback suspend
$(O)/tests/mediation/comeback.bin: policy/access_vectors.cil policy/fine_vectors.cil policy/base.cil policy/macros.cil \
                                   policy/kinds/domain.cil tests/mediation/comeback.cil
	$(call say,POLICY,$@)
	$(Q)mkdir -p $(@D)
	$(Q)secilc --target=xen --policyvers=30 --mls=false --handle-unknown=deny --filecontext=/dev/null -o $@ $^
$(O)/tests/guest/comeback.elf $(O)/tests/guest/suspend.elf: $(O)/tests/mediation/comeback.bin

# A domain that another has restarted.
guest-tests += restart
$(O)/tests/mediation/restart.bin: policy/access_vectors.cil policy/fine_vectors.cil policy/base.cil policy/macros.cil \
                                  policy/kinds/domain.cil tests/mediation/restart.cil
	$(call say,POLICY,$@)
	$(Q)mkdir -p $(@D)
	$(Q)secilc --target=xen --policyvers=30 --mls=false --handle-unknown=deny --filecontext=/dev/null -o $@ $^
$(O)/tests/guest/restart.elf: $(O)/tests/mediation/restart.bin

# One that is being built anew, before it is measured; and a policy that calls the store something else.
guest-tests += restart-building
building-base := policy/access_vectors.cil policy/fine_vectors.cil policy/base.cil policy/macros.cil policy/kinds/domain.cil policy/kinds/attest.cil
$(O)/tests/mediation/restart-building-less.cil: tests/mediation/restart-building.cil
	$(Q)mkdir -p $(@D)
	$(Q)sed 's/store_t/shop_t/g' $< >$@
$(O)/tests/mediation/restart-building-less.bin: $(building-base) $(O)/tests/mediation/restart-building-less.cil
$(O)/tests/mediation/restart-building.bin: $(building-base) tests/mediation/restart-building.cil
$(O)/tests/mediation/restart-building.bin $(O)/tests/mediation/restart-building-less.bin:
	$(call say,POLICY,$@)
	$(Q)mkdir -p $(@D)
	$(Q)secilc --target=xen --policyvers=30 --mls=false --handle-unknown=deny --filecontext=/dev/null -o $@ $^
$(O)/stub/tests/guest/restart-building/main.o: $(O)/tests/mediation/restart-building.bin $(O)/tests/mediation/restart-building-less.bin
cflags-tests/guest/restart-building/main := -Wa,-I$(O)/tests/mediation

# A domain with a device that does DMA.
guest-tests += dma dma-own
$(O)/tests/mediation/dma.bin: policy/access_vectors.cil policy/fine_vectors.cil policy/base.cil policy/macros.cil \
                              policy/kinds/domain.cil tests/mediation/dma.cil
	$(call say,POLICY,$@)
	$(Q)mkdir -p $(@D)
	$(Q)secilc --target=xen --policyvers=30 --mls=false --handle-unknown=deny --filecontext=/dev/null -o $@ $^
$(O)/tests/guest/dma.elf $(O)/tests/guest/dma-own.elf: $(O)/tests/mediation/dma.bin

# Domains that get devices while they run.
guest-tests += hotplug line
$(O)/tests/mediation/hotplug.bin: policy/access_vectors.cil policy/fine_vectors.cil policy/base.cil policy/macros.cil \
                                  policy/kinds/domain.cil tests/mediation/hotplug.cil
	$(call say,POLICY,$@)
	$(Q)mkdir -p $(@D)
	$(Q)secilc --target=xen --policyvers=30 --mls=false --handle-unknown=deny --filecontext=/dev/null -o $@ $^
$(O)/tests/guest/hotplug.elf $(O)/tests/guest/line.elf: $(O)/tests/mediation/hotplug.bin
# A domain that turns its devices, and what it sees of them, against everybody else.
guest-tests += vpci-attack vpci-storm
$(O)/tests/mediation/edu.bin: policy/access_vectors.cil policy/fine_vectors.cil policy/base.cil policy/macros.cil \
                              policy/kinds/domain.cil tests/mediation/edu.cil
	$(call say,POLICY,$@)
	$(Q)mkdir -p $(@D)
	$(Q)secilc --target=xen --policyvers=30 --mls=false --handle-unknown=deny --filecontext=/dev/null -o $@ $^
$(O)/tests/guest/vpci-attack.elf $(O)/tests/guest/vpci-storm.elf: $(O)/tests/mediation/edu.bin

# The guest with one permission: labels, policy and what each call asks, all from the access vectors and the table.
guest-tests += one-permission
vectors := policy/access_vectors.cil policy/fine_vectors.cil
$(O)/include/mediation_types.h: tests/mediation/one-permission $(vectors) tools/build/gen-av
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)tests/mediation/one-permission types $(vectors) >$@
$(O)/include/mediation_questions.h: $(O)/bin/check-table
	$(call say,GEN,$@)
	$(Q)$< questions >$@
$(O)/stub/tests/guest/one-permission/main.o: $(O)/include/mediation_types.h $(O)/include/mediation_questions.h
$(O)/tests/mediation/one-permission.bin: $(vectors) policy/base.cil policy/macros.cil policy/kinds/domain.cil \
                                         tests/mediation/one-permission.cil tests/mediation/one-permission
	$(call say,POLICY,$@)
	$(Q)mkdir -p $(@D)
	$(Q)tests/mediation/one-permission policy $(vectors) >$@.cil
	$(Q)secilc --target=xen --policyvers=30 --mls=false --handle-unknown=deny --filecontext=/dev/null -o $@ \
	    $(filter %.cil,$^) $@.cil
$(O)/tests/guest/one-permission.elf: $(O)/tests/mediation/one-permission.bin

# What a change of policy takes away: the policy in force, and one that does not know the domain.
guest-tests += revoke revoke-race revoke-copy revoke-pages
$(O)/tests/guest/revoke-pages.elf: $(O)/tests/mediation/revoke-pages.bin
$(O)/tests/mediation/revoke%bin: $(deny-base) tests/mediation/revoke%cil
	$(call say,POLICY,$@)
	$(Q)mkdir -p $(@D)
	$(Q)secilc --target=xen --policyvers=30 --mls=false --handle-unknown=deny --filecontext=/dev/null -o $@ $^
$(O)/stub/tests/guest/revoke/main.o $(O)/tests/guest/revoke-race.elf $(O)/tests/guest/revoke-copy.elf: $(O)/tests/mediation/revoke.bin $(O)/tests/mediation/revoke-less.bin
cflags-tests/guest/revoke/main := -Wa,-I$(O)/tests/mediation

# Policy changes, death and traffic all at once: a policy, and the same with its boolean false for ever.
guest-tests += revoke-storm
$(O)/tests/guest/revoke-storm.elf: $(O)/tests/mediation/storm.bin
$(O)/tests/mediation/storm-less.cil: tests/mediation/storm.cil
	$(Q)mkdir -p $(@D)
	$(Q)sed -E 's/\(boolean may true\)/(boolean never false)/; s/\(booleanif may /(booleanif never /' $< >$@
$(O)/tests/mediation/storm-less.bin: $(deny-base) $(O)/tests/mediation/storm-less.cil
$(O)/tests/mediation/storm.bin: $(deny-base) tests/mediation/storm.cil
$(O)/tests/mediation/storm.bin $(O)/tests/mediation/storm-less.bin:
	$(call say,POLICY,$@)
	$(Q)mkdir -p $(@D)
	$(Q)secilc --target=xen --policyvers=30 --mls=false --handle-unknown=deny --filecontext=/dev/null -o $@ $^
$(O)/stub/tests/guest/revoke-storm/main.o: $(O)/tests/mediation/storm.bin $(O)/tests/mediation/storm-less.bin
cflags-tests/guest/revoke-storm/main := -Wa,-I$(O)/tests/mediation

# One domain does all that costs the hypervisor work, as fast as it can; two others work on.
guest-tests += storms
$(O)/tests/guest/storms.elf: $(O)/tests/mediation/storms.bin
$(O)/tests/mediation/storms.bin: $(deny-base) tests/mediation/storms.cil
	$(call say,POLICY,$@)
	$(Q)mkdir -p $(@D)
	$(Q)secilc --target=xen --policyvers=30 --mls=false --handle-unknown=deny --filecontext=/dev/null -o $@ $^

# A domain that is built anew while the policy changes.
guest-tests += restart-policy
$(O)/tests/mediation/restart-policy.bin: policy/access_vectors.cil policy/fine_vectors.cil policy/base.cil policy/macros.cil \
                                         policy/kinds/domain.cil tests/mediation/restart-policy.cil
	$(call say,POLICY,$@)
	$(Q)mkdir -p $(@D)
	$(Q)secilc --target=xen --policyvers=30 --mls=false --handle-unknown=deny --filecontext=/dev/null -o $@ $^
$(O)/tests/guest/restart-policy.elf: $(O)/tests/mediation/restart-policy.bin

# What is measured waits for the domain with the TPM; the policy in force is loaded once more.
guest-tests += tpm-turn
$(O)/tests/mediation/tpm-turn.bin: policy/access_vectors.cil policy/fine_vectors.cil policy/base.cil policy/macros.cil \
                                   policy/kinds/domain.cil policy/kinds/attest.cil tests/mediation/tpm-turn.cil
	$(call say,POLICY,$@)
	$(Q)mkdir -p $(@D)
	$(Q)secilc --target=xen --policyvers=30 --mls=false --handle-unknown=deny --filecontext=/dev/null -o $@ $^
$(O)/stub/tests/guest/tpm-turn/main.o: $(O)/tests/mediation/tpm-turn.bin
cflags-tests/guest/tpm-turn/main := -Wa,-I$(O)/tests/mediation

# A hostile attest domain; it replays the measurement log with the hypervisor's own hashes.
guest-tests += tpm-hostile
$(O)/tests/mediation/tpm-hostile.bin: policy/access_vectors.cil policy/fine_vectors.cil policy/base.cil policy/macros.cil \
                                      policy/kinds/domain.cil policy/kinds/attest.cil tests/mediation/tpm-hostile.cil
	$(call say,POLICY,$@)
	$(Q)mkdir -p $(@D)
	$(Q)secilc --target=xen --policyvers=30 --mls=false --handle-unknown=deny --filecontext=/dev/null -o $@ $^
$(O)/tests/guest/tpm-hostile.elf: $(O)/tests/mediation/tpm-hostile.bin \
                                  $(addprefix $(O)/stub/xen/lib/,sha1.o sha256.o sha512.o)
