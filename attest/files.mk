# SPDX-License-Identifier: Apache-2.0
# The verifier, linked into bh, and the agent of the attest domain.
attest-lib-src := eventlog/parse eventlog/replay quote/channel quote/door quote/error quote/evidence quote/frame quote/message
attest-lib-src += verifier/ak verifier/attempt verifier/authenticode verifier/cli verifier/cli_collect verifier/cli_host
attest-lib-src += verifier/cli_ref verifier/cli_watch verifier/client verifier/collect verifier/compare verifier/credential verifier/ek verifier/firmware
attest-lib-src += verifier/history verifier/history_file verifier/jose verifier/lists verifier/options verifier/quote
attest-lib-src += verifier/reference verifier/refset verifier/refset_list verifier/report verifier/roster verifier/session
attest-lib-src += verifier/tell verifier/token verifier/utc verifier/verdict verifier/verify
attest-lib-obj := $(attest-lib-src:%=attest/%.o)
cflags-attest/verifier/token = -DBH_VERSION='"$(VERSION)"'

bh-obj += $(attest-lib-obj)
bh-libs += -ltss2-mu -ljson-c -lcrypto

attest-quote-obj := attest/quote/error.o attest/quote/frame.o attest/quote/message.o
host-progs += attest-agent
attest-agent-obj := attest/agent/conversation.o attest/agent/listen.o attest/agent/push.o attest/quote/channel.o attest/quote/door.o control/cert.o control/network.o control/protocol.o control/tls.o
attest-agent-obj += attest/agent/log_source.o attest/agent/main.o attest/agent/serve.o \
                    attest/agent/tpm.o attest/agent/uart.o $(attest-quote-obj)
attest-agent-libs := -ltss2-esys -ltss2-mu -ltss2-tcti-device -ltss2-tcti-swtpm -ljson-c -lssl -lcrypto
