# SPDX-License-Identifier: Apache-2.0
# make fuzz-policy [FUZZ_SECONDS=60]: the policy reader under libFuzzer; crashes stay in $(O)/fuzz/policy/.

FUZZ_SECONDS ?= 60

$(O)/fuzz/policy-fuzz: tests/fuzz/policy_fuzz.c $(flask-host-src) | $(generated)
	$(call say,FUZZ,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) -std=gnu11 -O1 -g -D_GNU_SOURCE -DBULKHEAD_HOST -D__XEN_TOOLS__ $(abi-inc) \
	    -Ixsm-flask/include -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -o $@ $^

fuzz-policy: $(O)/fuzz/policy-fuzz $(flask-test-policies)
	$(Q)mkdir -p $(O)/fuzz/policy/corpus
	$(Q)cp $(flask-test-policies) $(O)/fuzz/policy/corpus/
	$(Q)$(O)/fuzz/policy-fuzz -max_total_time=$(FUZZ_SECONDS) -max_len=32768 -timeout=10 -print_final_stats=1 \
	    -artifact_prefix=$(O)/fuzz/policy/ $(O)/fuzz/policy/corpus
.PHONY: fuzz-policy
