# SPDX-License-Identifier: Apache-2.0
# Policies: the built-in one and the examples, under $(O)/policy/.

policy-base := policy/access_vectors.cil policy/fine_vectors.cil policy/base.cil policy/macros.cil \
               $(sort $(wildcard policy/kinds/*.cil)) policy/assertions.cil
policy-examples := $(patsubst policy/examples/%.cil,$(O)/policy/%.bin,$(wildcard policy/examples/*.cil))
secilc := secilc --target=xen --policyvers=30 --mls=false --handle-unknown=deny --filecontext=/dev/null

$(O)/policy/legacy.bin: $(policy-base) policy/legacy.cil
	$(call say,POLICY,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(secilc) -o $@ $^
$(O)/policy/%.bin: policy/examples/%.cil $(policy-base)
	$(call say,POLICY,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(secilc) -o $@ $(policy-base) $<

policies: $(O)/policy/legacy.bin $(policy-examples)
.PHONY: policies
