# SPDX-License-Identifier: Apache-2.0
unit-tests += xenstore xenstore-ring xenstore-seed

xenstore-cflags := -Istubdoms/xenstore
xenstore-src := tests/unit/stubdoms/xenstore/test_requests.c \
    tests/unit/stubdoms/xenstore/rig.c $(addprefix stubdoms/xenstore/,label.c node.c path.c \
    request.c request_domain.c request_node.c ring.c seed.c server.c store.c watch.c)

xenstore-ring-cflags := $(xenstore-cflags)
xenstore-ring-src := $(patsubst %/test_requests.c,%/test_ring.c,$(xenstore-src))

xenstore-seed-cflags := $(xenstore-cflags)
xenstore-seed-src := $(patsubst %/test_requests.c,%/test_seed.c,$(xenstore-src))
