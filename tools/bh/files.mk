# SPDX-License-Identifier: Apache-2.0
# The host command. Each verb's folder adds its objects to bh-obj and its libraries to bh-libs.
host-progs += bh
bh-obj += tools/bh/main.o
bh-libs += -lfdt -larchive -ljson-c -llzma -lzstd -lz -lcrypto
cflags-tools/bh/main = -Itools/bh -DBH_VERSION='"$(VERSION)"'
cflags-tools/bh/build/sbom = -DBH_VERSION='"$(VERSION)"'

bh-build-src := buf build cil_mark conf cpio debian diag disk efi_image elf_slim file functions gpt host host_check host_keys host_links image
bh-build-src += inputs kernel loader lock manifest measured module modules needed operators origin policy policy_image ramdisk recipe
bh-build-src += run_json sbom seed sign spawn spdx steps suggest unpack value
bh-obj += $(bh-build-src:%=tools/bh/build/%.o)

# What the hypervisor itself is built from: the manifest's reader, the domain builder, event texts.
bh-obj += $(launch-host-obj) xen/common/measure/text.o
