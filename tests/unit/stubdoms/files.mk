# SPDX-License-Identifier: Apache-2.0
unit-tests += xenstore xenstore-replug xenstore-ring xenstore-seed

xenstore-cflags := -Istubdoms/xenstore
xenstore-src := tests/unit/stubdoms/xenstore/test_requests.c \
    tests/unit/stubdoms/xenstore/rig.c $(addprefix stubdoms/xenstore/,label.c node.c path.c \
    replug.c request.c request_domain.c request_node.c ring.c seed.c server.c store.c watch.c)

xenstore-ring-cflags := $(xenstore-cflags)
xenstore-ring-src := $(patsubst %/test_requests.c,%/test_ring.c,$(xenstore-src))

xenstore-seed-cflags := $(xenstore-cflags)
xenstore-seed-src := $(patsubst %/test_requests.c,%/test_seed.c,$(xenstore-src))

xenstore-replug-cflags := $(xenstore-cflags)
xenstore-replug-src := $(patsubst %/test_requests.c,%/test_replug.c,$(xenstore-src))
$(addprefix $(O)/unit/,xenstore xenstore-replug xenstore-ring xenstore-seed): $(wildcard stubdoms/xenstore/*.h)

unit-tests += stub-libc
stub-libc-cflags := -I. -idirafter stubdoms/runtime/include -Istubdoms/runtime -Wno-missing-prototypes
stub-libc-src := $(addprefix tests/unit/stubdoms/runtime/,renamed_heap.c renamed_printf.c \
    renamed_stdlib.c test_libc.c)
$(O)/unit/stub-libc: stubdoms/runtime/heap.c stubdoms/runtime/printf.c stubdoms/runtime/stdlib.c
