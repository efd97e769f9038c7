# SPDX-License-Identifier: Apache-2.0
# The policy reader under libFuzzer, over the policies of the unit tests and the kept corpus.
#
#   make fuzz-policy [FUZZ_SECONDS=60]         for a time
#   make fuzz-policy-long [FUZZ_RUNS=1000000]  so many executions
#   make fuzz-policy-keep                      distil what was found into tests/fuzz/corpus/policy
#
# Crashes stay in $(O)/fuzz/policy/. `make test` feeds the kept corpus to the same entry.

FUZZ_SECONDS ?= 60
FUZZ_RUNS ?= 1000000
FUZZ_KEEP_BYTES ?= 3072

fuzz-policy-dir := $(O)/fuzz/policy
fuzz-policy-kept := tests/fuzz/corpus/policy
fuzz-policy-flags := -max_len=32768 -timeout=10 -rss_limit_mb=512 -malloc_limit_mb=64 -print_final_stats=1 \
                     -artifact_prefix=$(fuzz-policy-dir)/

$(O)/fuzz/policy-fuzz: tests/fuzz/policy_fuzz.c tests/fuzz/policy_mutate.c $(flask-host-src) | $(generated)
	$(call say,FUZZ,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) -std=gnu11 -O1 -g -D_GNU_SOURCE -DBULKHEAD_HOST -D__XEN_TOOLS__ $(abi-inc) \
	    -Ixsm-flask/include -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -o $@ $^

fuzz-policy-seeds: $(O)/fuzz/policy-fuzz $(flask-test-policies)
	$(Q)mkdir -p $(fuzz-policy-dir)/corpus
	$(Q)cp $(flask-test-policies) $(fuzz-policy-dir)/corpus/

fuzz-policy: fuzz-policy-seeds
	$(Q)$(O)/fuzz/policy-fuzz $(fuzz-policy-flags) -max_total_time=$(FUZZ_SECONDS) \
	    $(fuzz-policy-dir)/corpus $(wildcard $(fuzz-policy-kept))

fuzz-policy-long: fuzz-policy-seeds
	$(Q)$(O)/fuzz/policy-fuzz $(fuzz-policy-flags) -runs=$(FUZZ_RUNS) \
	    $(fuzz-policy-dir)/corpus $(wildcard $(fuzz-policy-kept))

# Short inputs only, so that the folder stays small; the unit tests read whole policies anyway.
fuzz-policy-keep: $(O)/fuzz/policy-fuzz
	$(Q)mkdir -p $(fuzz-policy-kept)
	$(Q)$< $(fuzz-policy-flags) -max_len=$(FUZZ_KEEP_BYTES) -merge=1 $(fuzz-policy-kept) $(fuzz-policy-dir)/corpus
.PHONY: fuzz-policy fuzz-policy-long fuzz-policy-seeds fuzz-policy-keep

unit-tests += test_flask_corpus
test_flask_corpus-src = tests/fuzz/replay.c tests/fuzz/policy_fuzz.c $(flask-host-src)
test_flask_corpus-cflags := -DREPLAY_CORPUS='"$(fuzz-policy-kept)"' -DREPLAY_MIN=100U
