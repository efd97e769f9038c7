# SPDX-License-Identifier: Apache-2.0
attest-pure-src := $(patsubst %,attest/%.c,$(attest-lib-src)) control/cert.c control/network.c control/protocol.c control/tls.c
attest-test-libs := -ltss2-esys -ltss2-mu -ltss2-tcti-device -ltss2-tcti-swtpm -ljson-c -lssl -lcrypto

unit-tests += test_attest
test_attest-src = tests/unit/attest/test_attest.c tests/unit/attest/fake_host.c \
                  tests/unit/measure/fake_log.c $(attest-pure-src) attest/agent/log_source.c \
                  attest/agent/serve.c attest/agent/tpm.c attest/agent/conversation.c \
                  attest/agent/listen.c attest/agent/push.c xen/drivers/tpm/commands.c \
                  xen/common/measure/measure.c xen/common/measure/eventlog.c \
                  xen/common/measure/text.c xen/lib/sha1.c xen/lib/sha256.c xen/lib/sha512.c
test_attest-libs = $(attest-test-libs)

unit-tests += test_attest_verifier
test_attest_verifier-src = tests/unit/attest/test_verifier.c tests/unit/attest/liar.c \
                           $(filter-out tests/unit/attest/test_attest.c,$(test_attest-src))
test_attest_verifier-libs = $(attest-test-libs)

unit-tests += test_attest_options_even test_attest_options_odd
test_attest_options_even-src = $(test_attest_verifier-src)
test_attest_options_even-cflags := -DOPTIONS_ONLY=0
test_attest_options_even-libs = $(attest-test-libs)
test_attest_options_odd-src = $(test_attest_verifier-src)
test_attest_options_odd-cflags := -DOPTIONS_ONLY=1
test_attest_options_odd-libs = $(attest-test-libs)

unit-tests += test_attest_log
test_attest_log-src = tests/unit/attest/test_log.c attest/eventlog/parse.c attest/eventlog/replay.c \
                      attest/quote/error.c xen/common/measure/eventlog.c xen/lib/sha1.c \
                      xen/lib/sha256.c xen/lib/sha512.c
test_attest_log-libs := -lcrypto

unit-tests += test_attest_jose
test_attest_jose-src = tests/unit/attest/test_jose.c attest/verifier/jose.c attest/quote/error.c \
                       attest/quote/frame.c attest/quote/message.c
test_attest_jose-libs := -ljson-c -lcrypto

unit-tests += test_attest_reference
test_attest_reference-src = tests/unit/attest/test_reference.c attest/verifier/reference.c \
                            attest/verifier/authenticode.c attest/quote/error.c \
                            attest/quote/frame.c attest/quote/message.c
test_attest_reference-cflags := -Wno-deprecated-declarations
test_attest_reference-libs := -ljson-c -lcrypto

unit-tests += test_attest_refset
test_attest_refset-src = tests/unit/attest/test_refset.c $(attest-pure-src)
test_attest_refset-libs := -ltss2-mu -ljson-c -lssl -lcrypto

unit-tests += test_attest_channel
test_attest_channel-src = tests/unit/attest/test_channel.c tests/unit/attest/wire.c $(filter-out tests/unit/attest/test_attest.c,$(test_attest-src))
test_attest_channel-libs = $(attest-test-libs)

unit-tests += test_attest_push
test_attest_push-src = tests/unit/attest/test_push.c tests/unit/attest/wire.c $(filter-out tests/unit/attest/test_attest.c,$(test_attest-src))
test_attest_push-libs = $(attest-test-libs)

unit-tests += test_attest_silence
test_attest_silence-src = $(test_attest_push-src)
test_attest_silence-cflags := -DSILENCE_ONLY -DCOLLECT_ANSWER_S=6
test_attest_silence-libs = $(attest-test-libs)

# What hosts, signers and files may say: kept inputs, and a good one mutated. For long: make fuzz-attest [FUZZ_SECONDS=60], a time for each
attest-fuzz := evidence history jws log refset token
attest-fuzz-src := $(addprefix attest/eventlog/,parse replay) $(addprefix attest/quote/,error evidence frame message)
attest-fuzz-src += $(addprefix attest/verifier/,ak authenticode compare credential ek firmware history history_file jose lists quote reference)
attest-fuzz-src += $(addprefix attest/verifier/,refset refset_list token utc verdict verify)
attest-fuzz-of = tests/fuzz/attest_$(1).c $(addsuffix .c,$(if $(filter log,$(1)),$(filter-out attest/verifier/quote,$(attest-fuzz-src)),$(attest-fuzz-src)))
attest-fuzz-libs := -ltss2-mu -ljson-c -lcrypto

define attest-fuzz-rules
unit-tests += fuzz_attest_$(1)
fuzz_attest_$(1)-src = $$(fuzz-runner) $(call attest-fuzz-of,$(1))
fuzz_attest_$(1)-libs := $(attest-fuzz-libs)
fuzz_attest_$(1)-cflags := -DROUNDS=10000u -DCORPUS='"tests/fuzz/corpus/attest-$(1)"'

$$(O)/fuzz/attest-$(1): $(call attest-fuzz-of,$(1)) | $$(generated)
	$$(call say,FUZZ,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CLANG) -std=gnu11 -O1 -g -D_GNU_SOURCE -DBH_VERSION='"fuzz"' -Iattest/include -Icontrol/include -Itools/include \
	    -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -o $$@ $$^ $(attest-fuzz-libs)

fuzz-attest-$(1): $$(O)/fuzz/attest-$(1)
	$$(Q)mkdir -p $$<-corpus
	$$(Q)$$< -max_len=16384 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 -artifact_prefix=$$<- \
	    -max_total_time=$$(FUZZ_SECONDS) $$<-corpus tests/fuzz/corpus/attest-$(1)
.PHONY: fuzz-attest-$(1)
endef
$(foreach n,$(attest-fuzz),$(eval $(call attest-fuzz-rules,$(n))))

fuzz-attest: $(attest-fuzz:%=fuzz-attest-%)
.PHONY: fuzz-attest
