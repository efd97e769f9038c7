# SPDX-License-Identifier: Apache-2.0
# Tests of the policy engine. Policies out of gen-cil and of ours come in both versions, with and
# without MLS, so that every section of the format is read.
# Sources are listed with =, since xsm-flask/files.mk comes later.

flask-test-dir := $(O)/unit/flask
flask-test-seeds := 1 2 3 4 5 6
flask-test-policies := \
    $(foreach s,$(flask-test-seeds),$(foreach v,24 30,$(flask-test-dir)/g$(s)-$(v).bin $(flask-test-dir)/g$(s)-mls-$(v).bin)) \
    $(flask-test-dir)/first-light-24.bin $(flask-test-dir)/first-light-30.bin \
    $(flask-test-dir)/classic-24.bin $(flask-test-dir)/classic-30.bin \
    $(foreach v,24 30,$(foreach n,bounds bounds-constrained constraints levels booleans labels,$(flask-test-dir)/hand-$(n)-$(v).bin)) \
    $(foreach v,24 30,$(flask-test-dir)/hand-labels-mls-$(v).bin $(flask-test-dir)/hand-conf-$(v).bin \
                      $(flask-test-dir)/hand-conf-mls-$(v).bin) \
    $(flask-test-dir)/hand-resources-30.bin $(flask-test-dir)/hand-resources-mls-30.bin

flask-gen := tests/unit/xsm-flask/gen-cil

# A rule for each version: one pattern rule with two targets would be taken to make both at once.
define flask-gen-rule
$(flask-test-dir)/g%-$(1).bin: $(flask-gen) policy/access_vectors.cil
	$$(call say,POLICY,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)name=$$(patsubst %-mls,%,$$*); $(flask-gen) $$$$name $$(findstring mls,$$*) > $$@.cil
	$$(Q)secilc -t xen -c $(1) -M $$(if $$(findstring mls,$$*),true,false) -f /dev/null -o $$@ \
	    policy/access_vectors.cil $$@.cil 2>/dev/null
endef
$(foreach v,24 30,$(eval $(call flask-gen-rule,$(v))))

# One feature each, by hand. -N: secilc would refuse the bounds that the engine has to enforce. levels.cil is
# nothing without MLS; hand-NAME-mls-VERSION.bin is NAME with it.
flask-hand := tests/unit/xsm-flask/policies
define flask-hand-rule
$(flask-test-dir)/hand-%-$(1).bin: $(flask-hand)/prelude.cil $(wildcard $(flask-hand)/*.cil) policy/access_vectors.cil
	$$(call say,POLICY,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)secilc -N -t xen -c $(1) -M $$(if $$(findstring mls,$$*)$$(findstring levels,$$*),true,false) -f /dev/null -o $$@ \
	    policy/access_vectors.cil $$< $$(if $$(findstring constrained,$$*),$(flask-hand)/bounds.cil) \
	    $(flask-hand)/$$(patsubst %-mls,%,$$*).cil 2>/dev/null
$(flask-test-dir)/hand-conf-$(1).bin: $(flask-hand)/full.conf
	$$(call say,POLICY,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)checkpolicy -t Xen -U $$(if $$(filter 24,$(1)),deny,allow) -c $(1) -o $$@ $$< >/dev/null 2>&1
$(flask-test-dir)/hand-conf-mls-$(1).bin: $(flask-hand)/levels.conf
	$$(call say,POLICY,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)checkpolicy -t Xen -M -c $(1) -o $$@ $$< >/dev/null 2>&1
endef
$(foreach v,24 30,$(eval $(call flask-hand-rule,$(v))))

$(flask-test-dir)/classic-%.bin: tests/unit/xsm-flask/classic.conf
	$(call say,POLICY,$@)
	$(Q)mkdir -p $(@D)
	$(Q)checkpolicy -t Xen -c $* -o $@ $< >/dev/null
# Lacks classes and wants that refused.
$(flask-test-dir)/other/reject.bin: $(flask-hand)/full.conf
	$(call say,POLICY,$@)
	$(Q)mkdir -p $(@D)
	$(Q)checkpolicy -t Xen -U reject -c 30 -o $@ $< >/dev/null 2>&1
$(flask-test-dir)/other/foreign.bin: tests/unit/xsm-flask/foreign.cil
	$(call say,POLICY,$@)
	$(Q)mkdir -p $(@D)
	$(Q)secilc -t xen -c 30 -M false -f /dev/null -o $@ $<
# Ten thousand rules, to see what a decision costs; with levels, too.
$(flask-test-dir)/other/big-mls.bin: $(flask-gen) policy/access_vectors.cil
	$(call say,POLICY,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(flask-gen) 9 mls 10000 > $@.cil
	$(Q)secilc -t xen -c 30 -M true -f /dev/null -o $@ policy/access_vectors.cil $@.cil
$(flask-test-dir)/other/big.bin: $(flask-gen) policy/access_vectors.cil
	$(call say,POLICY,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(flask-gen) 9 - 10000 > $@.cil
	$(Q)secilc -t xen -c 30 -M false -f /dev/null -o $@ policy/access_vectors.cil $@.cil
$(flask-test-dir)/first-light-%.bin: $(policy-base) policy/examples/first-light.cil
	$(call say,POLICY,$@)
	$(Q)mkdir -p $(@D)
	$(Q)secilc -t xen -c $* -M false -f /dev/null -o $@ $^ 2>/dev/null

flask-test-cflags := -DFLASK_TEST_DIR='"$(flask-test-dir)"' -DFLASK_POLICY_DIR='"$(O)/policy"'
flask-test-src = tests/unit/xsm-flask/fixture.c $(flask-host-src)

unit-tests += test_flask_engine
test_flask_engine-src = tests/unit/xsm-flask/test_engine.c $(flask-test-src)
test_flask_engine-cflags := $(flask-test-cflags)

unit-tests += test_flask_audit_ring
test_flask_audit_ring-src = tests/unit/xsm-flask/test_audit_ring.c $(flask-test-src)
test_flask_audit_ring-cflags := $(flask-test-cflags) -pthread
test_flask_audit_ring-libs := -lcrypto

unit-tests += test_flask_decisions
test_flask_decisions-src = tests/unit/xsm-flask/test_decisions.c $(flask-test-src)
test_flask_decisions-cflags := $(flask-test-cflags)

unit-tests += test_flask_candidate
test_flask_candidate-src = tests/unit/xsm-flask/test_candidate.c $(flask-test-src)
test_flask_candidate-cflags := $(flask-test-cflags)

unit-tests += test_flask_image
test_flask_image-src = tests/unit/xsm-flask/test_image.c $(flask-test-src)
test_flask_image-cflags := $(flask-test-cflags)

unit-tests += test_flask_op
test_flask_op-src = tests/unit/xsm-flask/test_op.c $(flask-test-src)
test_flask_op-cflags := $(flask-test-cflags)

# Fallbacks: the engine with one more class, whose permissions fall back to several.
flask-fallback-dir := $(flask-test-dir)/fallback
flask-fallback := tests/unit/xsm-flask/fallback
$(flask-fallback-dir)/include/xsm/av_names.h: $(flask-fallback)/probe.cil policy/access_vectors.cil tools/build/gen-av
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)tools/build/gen-av constants policy/access_vectors.cil $< > $(@D)/av_permissions.h
	$(Q)tools/build/gen-av names policy/access_vectors.cil $< > $@
$(flask-fallback-dir)/xen.bin: $(flask-fallback)/xen.cil
	$(call say,POLICY,$@)
	$(Q)mkdir -p $(@D)
	$(Q)secilc -t xen -c 30 -M false -f /dev/null -o $@ $^
$(flask-fallback-dir)/xen-allow.bin: $(flask-fallback)/xen.cil
	$(call say,POLICY,$@)
	$(Q)mkdir -p $(@D)
	$(Q)sed 's/handleunknown deny/handleunknown allow/' $< > $@.cil
	$(Q)secilc -t xen -c 30 -M false -f /dev/null -o $@ $@.cil
$(flask-fallback-dir)/fine.bin: $(flask-fallback)/xen.cil $(flask-fallback)/fine.cil
	$(call say,POLICY,$@)
	$(Q)mkdir -p $(@D)
	$(Q)secilc -t xen -c 30 -M false -f /dev/null -o $@ $^

unit-tests += test_flask_fallback
test_flask_fallback-src = tests/unit/xsm-flask/test_fallback.c $(flask-test-src)
test_flask_fallback-cflags := $(flask-test-cflags)
test_flask_fallback-libs := -Wl,--wrap=constraint_holds
$(O)/unit/test_flask_fallback: unit-cflags := -I$(flask-fallback-dir)/include $(unit-cflags)
$(O)/unit/test_flask_fallback: \
    | $(flask-fallback-dir)/include/xsm/av_names.h $(addprefix $(flask-fallback-dir)/,xen.bin xen-allow.bin fine.bin)

# The hypervisor's own objects, single-stepped; no red zone, since the test puts flags on the stack.
# To compare with: the dispatcher's own source, in which nobody is asked.
$(O)/cost/unchecked.c: xen/common/hypercall.c
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)sed 's/return ask_all(c, more);/(void)more; return 0;/' $< >$@
	$(Q)! cmp -s $< $@ || { echo "$<: there is no question to leave out" >&2; exit 1; }
$(O)/hv/cost/unchecked.o: $(O)/cost/unchecked.c | $(generated)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(hv-cflags) -Ixen/common -Wno-missing-prototypes $(foreach f,label target second ask,-Dcall_$(f)=unchecked_$(f)) \
	    -Dact_absent=unchecked_absent -Dfamily_row=unchecked_row -Dhypercall_dispatch=unchecked_dispatch -c $< -o $@
unit-tests += test_flask_cost
test_flask_cost-src = tests/unit/xsm-flask/test_cost.c tests/unit/xsm-flask/fixture.c xsm-flask/host/env.c xen/lib/sha256.c \
    $(addprefix $(O)/hv/,$(flask-src:.c=.o) xen/common/hypercall.o tests/unit/xsm-flask/cost_machine.o) \
    $(O)/hv/cost/unchecked.o
test_flask_cost-cflags := $(flask-test-cflags) -fno-sanitize=all -fno-pie -mno-red-zone -O2
test_flask_cost-libs := -no-pie -Wl,--unresolved-symbols=ignore-all

# The static library: the tests call functions that the shared one keeps to itself.
# Twice: every tuple, which takes minutes under the sanitizers and so runs without them; and one in
# SEPOL_STEP under them, so that what is wrong with memory shows. What each walked is in its log,
# $(O)/unit/log/test_flask_sepol.tap.
flask-sepol-src = tests/unit/xsm-flask/test_sepol.c tests/unit/xsm-flask/sepol_side.c $(flask-test-src)
unit-tests += test_flask_sepol
test_flask_sepol-src = $(flask-sepol-src)
test_flask_sepol-cflags := $(flask-test-cflags) -O2 -fno-sanitize=all
test_flask_sepol-libs := -l:libsepol.a

unit-tests += test_flask_sepol_sampled
test_flask_sepol_sampled-src = $(flask-sepol-src)
test_flask_sepol_sampled-cflags := $(flask-test-cflags) -DSEPOL_STEP=101U
test_flask_sepol_sampled-libs := -l:libsepol.a

$(addprefix $(O)/unit/,test_flask_audit_ring test_flask_candidate test_flask_cost test_flask_decisions test_flask_engine test_flask_image test_flask_op test_flask_sepol test_flask_sepol_sampled): \
    | $(flask-test-policies) $(flask-test-dir)/other/foreign.bin $(flask-test-dir)/other/big.bin $(flask-test-dir)/other/big-mls.bin \
       $(flask-test-dir)/other/reject.bin $(O)/policy/legacy.bin $(O)/policy/first-light.bin

unit-tests += test_policy_assertions
test_policy_assertions-src := tests/unit/xsm-flask/test_assertions.c
