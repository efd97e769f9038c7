# SPDX-License-Identifier: Apache-2.0
host-progs += control-client
control-client-obj := $(patsubst %,control/%.o,$(control-common-src) client/cli client/client client/keys client/show)
control-client-obj += tests/system/control/client.o attest/verifier/client.o attest/quote/error.o attest/quote/frame.o
control-client-obj += attest/quote/message.o
control-client-libs := -ljson-c -lssl -lcrypto
