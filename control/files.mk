# SPDX-License-Identifier: Apache-2.0
# The daemon of the control domain, and the verbs of bh that talk to it.
control-common-src := cert protocol tls
control-daemon-src := $(control-common-src) daemon/agent daemon/ask daemon/connection daemon/devices daemon/enroll daemon/functions
control-daemon-src += daemon/hyper daemon/link daemon/listen
control-daemon-src += network
control-daemon-src += daemon/main daemon/roles daemon/serve daemon/verbs

host-progs += controld
controld-obj := $(control-daemon-src:%=control/%.o) attest/agent/uart.o attest/quote/error.o attest/quote/frame.o
controld-obj += attest/quote/message.o driver-domains/common/store.o
controld-libs := -ljson-c -lssl -lcrypto

bh-obj += $(patsubst %,control/%.o,$(control-common-src) client/cli client/client client/keys client/show network)
bh-libs += -lssl -lcrypto
