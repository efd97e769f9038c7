# SPDX-License-Identifier: Apache-2.0
control-daemon-test-src := $(patsubst %,control/%.c,cert protocol daemon/agent daemon/ask daemon/connection daemon/devices daemon/enroll \
                           daemon/functions daemon/link \
                           daemon/roles daemon/serve daemon/verbs network) tests/unit/control/fake_host.c \
                           attest/quote/error.c attest/quote/frame.c attest/quote/message.c

unit-tests += test_control_daemon
test_control_daemon-src := tests/unit/control/test_daemon.c $(control-daemon-test-src)
test_control_daemon-libs := -ljson-c -lssl -lcrypto

unit-tests += test_control_functions
test_control_functions-src := tests/unit/control/test_functions.c $(control-daemon-test-src)
test_control_functions-libs := -ljson-c -lssl -lcrypto

unit-tests += test_control_hyper
test_control_hyper-src := tests/unit/control/test_hyper.c control/daemon/hyper.c
test_control_hyper-libs := -Wl,--wrap=open

unit-tests += test_control_tls
test_control_tls-src := tests/unit/control/test_tls.c control/cert.c control/protocol.c control/tls.c control/client/client.c \
                        control/client/show.c attest/verifier/client.c attest/quote/error.c attest/quote/frame.c \
                        attest/quote/message.c
test_control_tls-libs := -ljson-c -lssl -lcrypto -lpthread

unit-tests += fuzz_control
fuzz_control-src := tests/fuzz/control.c tests/fuzz/manifest_elf_runner.c $(control-daemon-test-src)
fuzz_control-libs := -ljson-c -lssl -lcrypto
fuzz_control-cflags := -DROUNDS=1500u # each begins and ends a session twice
