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
