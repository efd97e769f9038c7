# SPDX-License-Identifier: Apache-2.0
stubdoms += xenstore

# What does not know where it runs: also built into the host tests.
xenstore-logic := \
    stubdoms/xenstore/label.c \
    stubdoms/xenstore/node.c \
    stubdoms/xenstore/path.c \
    stubdoms/xenstore/replug.c \
    stubdoms/xenstore/request.c \
    stubdoms/xenstore/request_domain.c \
    stubdoms/xenstore/request_node.c \
    stubdoms/xenstore/ring.c \
    stubdoms/xenstore/seed.c \
    stubdoms/xenstore/server.c \
    stubdoms/xenstore/store.c \
    stubdoms/xenstore/watch.c

xenstore-obj := $(xenstore-logic:.c=.o) \
    stubdoms/xenstore/control.o \
    stubdoms/xenstore/domains.o \
    stubdoms/xenstore/flask.o \
    stubdoms/xenstore/main.o
