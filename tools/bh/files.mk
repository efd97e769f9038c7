# SPDX-License-Identifier: Apache-2.0
# The host command. Each verb's folder adds its objects to bh-obj and its libraries to bh-libs.
host-progs += bh
bh-obj += tools/bh/main.o
bh-libs += -lfdt -larchive -ljson-c -llzma -lzstd -lz -lcrypto
cflags-tools/bh/main = -Itools/bh -DBH_VERSION='"$(VERSION)"'

bh-build-src := buf build conf debian diag disk elf_slim file gpt host host_check image inputs kernel
bh-build-src += loader manifest measured module modules needed policy ramdisk recipe run_json seed
bh-build-src += spawn suggest unpack value
bh-obj += $(bh-build-src:%=tools/bh/build/%.o)

# What the hypervisor itself is built from: the manifest's reader, the domain builder, event texts.
bh-obj += $(launch-host-obj) xen/common/measure/text.o xen/lib/sha256.o
