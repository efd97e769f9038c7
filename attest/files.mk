# SPDX-License-Identifier: Apache-2.0
# The verifier, linked into bh, and the agent of the attest domain.
attest-lib-obj += attest/eventlog/parse.o
attest-lib-obj += attest/eventlog/replay.o
attest-lib-obj += attest/quote/error.o
attest-lib-obj += attest/quote/frame.o
attest-lib-obj += attest/quote/message.o
attest-lib-obj += attest/verifier/authenticode.o
attest-lib-obj += attest/verifier/reference.o

bh-obj += $(attest-lib-obj)
bh-libs += -ltss2-mu -ljson-c -lcrypto

attest-quote-obj := attest/quote/error.o attest/quote/frame.o attest/quote/message.o
host-progs += attest-agent
attest-agent-obj := attest/agent/log_source.o attest/agent/main.o attest/agent/serve.o \
                    attest/agent/tpm.o attest/agent/uart.o $(attest-quote-obj)
attest-agent-libs := -ltss2-esys -ltss2-mu -ltss2-tcti-device -ltss2-tcti-swtpm -ljson-c -lcrypto
