# SPDX-License-Identifier: Apache-2.0
# The host command. Each verb's folder adds its objects to bh-obj and its libraries to bh-libs.
host-progs += bh
bh-obj += tools/bh/main.o
bh-libs += -lfdt -larchive -ljson-c -llzma -lzstd -lz -lcrypto
cflags-tools/bh/main = -Itools/bh -DBH_VERSION='"$(VERSION)"'

bh-build-src := buf conf diag host host_check suggest value
bh-build-src += build file spawn
bh-obj += $(bh-build-src:%=tools/bh/build/%.o)
