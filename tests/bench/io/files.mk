# SPDX-License-Identifier: Apache-2.0
# Programs of `make bench-io`'s ramdisks, static.
host-progs += bench-crr
bench-crr-obj := tests/bench/io/crr.o
bench-crr-libs := -static

host-progs += bench-mark
bench-mark-obj := tests/bench/io/mark.o
bench-mark-libs := -static

host-progs += bench-medium
bench-medium-obj := tests/bench/io/medium.o

host-progs += bench-outage
bench-outage-obj := tests/bench/io/outage.o
bench-outage-libs := -static
