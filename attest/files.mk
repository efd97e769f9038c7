# SPDX-License-Identifier: Apache-2.0
# The verifier, linked into bh, and the agent of the attest domain.
attest-lib-obj += attest/eventlog/parse.o
attest-lib-obj += attest/eventlog/replay.o
attest-lib-obj += attest/quote/error.o
attest-lib-obj += attest/verifier/authenticode.o
attest-lib-obj += attest/verifier/reference.o

bh-obj += $(attest-lib-obj)
bh-libs += -ltss2-mu -ljson-c -lcrypto
