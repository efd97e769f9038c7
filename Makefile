# SPDX-License-Identifier: Apache-2.0
# One entry for everything. Each folder's files.mk adds to the lists below; the rules are here.
#
#   hv-obj          objects of the hypervisor              xen/common/domain.o
#   boot-obj        hypervisor objects that run identity-mapped, before its page tables
#   host-progs      host programs, output under $(O)/bin/  bh    (with bh-obj, bh-libs)
#   test-progs      the same, for tests alone
#   stubdoms        stub domains, output $(O)/stubdoms/<name>.elf  (with <name>-obj)
#   guest-tests     test kernels on the stub runtime, one folder each below tests/guest/
#   unit-tests      host tests, output $(O)/unit/<name>    (with <name>-src, <name>-libs)
#   generated       files that must exist before anything is compiled

# `make run SHELL=1` asks for the guest's console; make's own variable of that name stays bash.
want-shell := $(if $(filter command line,$(origin SHELL)),$(SHELL))
override SHELL := /bin/bash

# `make DEBUG=1`: a hypervisor that checks itself, says that it does, and passes no verifier.
DEBUG ?= 0
ifeq ($(filter 0 1,$(DEBUG)),)
$(error DEBUG=$(DEBUG): expected 0 or 1)
endif

O ?= build$(if $(filter 1,$(DEBUG)),-debug)
V ?= 0
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),@:,@printf '  %-7s %s\n' $(1) $(2))

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:

export SOURCE_DATE_EPOCH ?= 1700000000
VERSION := 0.1.0

CC := gcc
CLANG := clang-14
warnings := -Wall -Wextra -Wshadow -Wconversion -Wcast-qual -Wstrict-prototypes \
            -Wmissing-prototypes -Wundef -Wvla -Werror
# No folder's name gets into what is made: neither that of the sources nor that of the build, however it was given.
reproducible := -ffile-prefix-map=$(CURDIR)=. $(foreach o,$(abspath $(O)) $(O),-ffile-prefix-map=$(o)/=build/) -fno-ident

# <public/...> is Debian's libxen-dev; nothing of it is copied into the tree.
public := $(O)/include/public
abi-inc := -I$(O)/include -Ixen/include

hv-inc := $(abi-inc) -Ixen/arch/x86/include -Ixsm-flask/include
freestanding := -std=gnu11 -ffreestanding -fno-pie -fno-stack-protector -fno-common -nostdinc \
                -isystem $(shell $(CC) -print-file-name=include 2>/dev/null) -mno-red-zone -mgeneral-regs-only \
                -fno-asynchronous-unwind-tables -fno-strict-aliasing -fwrapv -g -O2 $(reproducible)
hv-cflags := $(freestanding) $(warnings) -mcmodel=kernel -fno-jump-tables \
             -fno-omit-frame-pointer -DBULKHEAD_HYPERVISOR -DBULKHEAD_VERSION='"$(VERSION)"' -D__XEN_TOOLS__ $(hv-inc) \
             $(if $(filter 1,$(DEBUG)),-DBULKHEAD_DEBUG)
boot-cflags := $(filter-out -mcmodel=kernel,$(hv-cflags)) -mcmodel=small
stub-cflags := $(freestanding) $(warnings) -DBULKHEAD_STUBDOM -D__XEN_TOOLS__ $(abi-inc) -Istubdoms/runtime/include
host-cflags := -std=gnu11 -O2 -g -D_GNU_SOURCE -DBULKHEAD_HOST -D__XEN_TOOLS__ $(warnings) $(reproducible) \
               $(abi-inc) -Itests/harness/arch-fake -Ixsm-flask/include -Iattest/include -Icontrol/include -Itools/include
unit-cflags := $(host-cflags) -O1 -fsanitize=address,undefined -fno-sanitize-recover=all \
               -fno-omit-frame-pointer -Itests/harness

hv-obj :=
boot-obj :=
host-progs :=
test-progs :=
stubdoms :=
guest-tests :=
unit-tests :=
generated := $(public)
clean-extra :=

include $(sort $(shell find xen xsm-flask policy stubdoms driver-domains attest control tools tests \
                       -name files.mk))

$(public):
	$(Q)mkdir -p $(@D)
	$(Q)test -e /usr/include/xen/xen.h || { echo "libxen-dev is missing: run 'make deps'" >&2; exit 1; }
	$(Q)ln -sfn /usr/include/xen $@

# -- hypervisor ---------------------------------------------------------------------------------
# What the objects in $(O) were built as: one folder may turn from one kind into the other.
hv-kind := $(O)/hv-kind
ifeq ($(filter clean help,$(MAKECMDGOALS)),)
$(shell mkdir -p $(O); [ "$$(cat $(hv-kind) 2>/dev/null)" = "DEBUG=$(DEBUG)" ] || echo "DEBUG=$(DEBUG)" >$(hv-kind))
endif

$(O)/hv/%.o: %.c $(hv-kind) | $(generated)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(hv-cflags) $(cflags-$*) -MMD -MP -c $< -o $@
$(O)/hv/%.o: %.S $(hv-kind) | $(generated)
	$(call say,AS,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(hv-cflags) -D__ASSEMBLY__ -MMD -MP -c $< -o $@
$(O)/boot/%.o: %.c $(hv-kind) | $(generated)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(boot-cflags) -MMD -MP -c $< -o $@

hv-lds := xen/arch/x86/hypervisor.lds
hv-link := $(addprefix $(O)/hv/,$(hv-obj)) $(addprefix $(O)/boot/,$(boot-obj))
$(O)/xen/bulkhead.elf: $(hv-link) $(hv-lds)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)ld -nostdlib -static -z max-page-size=4096 -z noexecstack --no-warn-rwx-segments --build-id=none \
	    -T $(hv-lds) -o $@ $(hv-link)

# A 32-bit ELF container around the image: what QEMU's -kernel and GRUB both load.
$(O)/xen/bulkhead: $(O)/xen/bulkhead.elf xen/arch/x86/boot/container.S xen/arch/x86/boot/container.lds
	$(call say,PACK,$@)
	$(Q)objcopy -O binary $< $(O)/xen/bulkhead.bin
	$(Q)$(CC) -m32 -c $(reproducible) -DIMAGE='"$(O)/xen/bulkhead.bin"' xen/arch/x86/boot/container.S -o $(O)/xen/container.o
	$(Q)bss=$$(nm $< | awk '$$3=="image_end"{e=$$1} $$3=="bin_end"{b=$$1} END{print "0x" e " 0x" b}'); set -- $$bss; \
	    entry=0x$$(nm $< | awk '$$3=="entry32"{print $$1}'); \
	    ld -m elf_i386 -nostdlib --no-warn-rwx-segments --build-id=none -T xen/arch/x86/boot/container.lds \
	    --defsym IMAGE_BSS=$$(($$1 - $$2)) --defsym container_entry=$$(($$entry)) -o $@ $(O)/xen/container.o

# First code of bulkhead.efi, as plain bytes: `bh build` puts the rest around it. It may hold no absolute address.
efi-stub-cflags := $(filter-out -fno-pie -mcmodel=kernel -g,$(hv-cflags)) -fpie -mcmodel=small -fvisibility=hidden -fshort-wchar
$(O)/xen/efi-stub: xen/arch/x86/boot/efi_stub.c xen/arch/x86/boot/efi_stub.h xen/arch/x86/boot/uefi.h xen/arch/x86/boot/efi_stub.lds | $(generated)
	$(call say,PACK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(efi-stub-cflags) -c $< -o $@.o
	$(Q)! readelf -rW $@.o | grep 'R_X86_64' | grep -vE 'R_X86_64_(PC32|PLT32)' >&2
	$(Q)ld -nostdlib -static --no-warn-rwx-segments --build-id=none -T xen/arch/x86/boot/efi_stub.lds -o $@.elf $@.o
	$(Q)objcopy -O binary -j .stub $@.elf $@

# -- host programs ------------------------------------------------------------------------------
$(O)/host/%.o: %.c | $(generated)
	$(call say,HOSTCC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(host-cflags) $(cflags-$*) -MMD -MP -c $< -o $@

# Beside each, what the compiler's and the libraries' packages put into it: for an image's bill of materials.
define host-prog-rule
$(O)/bin/$(1): $(addprefix $(O)/host/,$($(1)-obj)) tools/build/linked
	$$(call say,LINK,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(CC) -o $$@ -Wl,-Map=$$@.map $$(filter %.o,$$^) $($(1)-libs)
	$$(Q)tools/build/linked $$@.map > $$@.linked
	$$(Q)rm $$@.map
endef
$(foreach p,$(host-progs) $(test-progs),$(eval $(call host-prog-rule,$(p))))

# -- stub domains and test kernels --------------------------------------------------------------
$(O)/stub/%.o: %.c | $(generated)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(stub-cflags) $(cflags-$*) -MMD -MP -c $< -o $@
$(O)/stub/%.o: %.S | $(generated)
	$(call say,AS,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(stub-cflags) -D__ASSEMBLY__ -MMD -MP -c $< -o $@

stub-runtime = $(addprefix $(O)/stub/,$(runtime-obj))
define stubdom-rule
$(O)/stubdoms/$(1).elf: $(addprefix $(O)/stub/,$($(1)-obj)) $$(stub-runtime) stubdoms/runtime/stubdom.lds
	$$(call say,LINK,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)ld -nostdlib -static -z noexecstack --build-id=none -T stubdoms/runtime/stubdom.lds -o $$@ $$(filter %.o,$$^)
endef
$(foreach s,$(stubdoms),$(eval $(call stubdom-rule,$(s))))
define guest-test-rule
$(O)/tests/guest/$(1).elf: $$(patsubst %.c,$(O)/stub/%.o,$$(wildcard tests/guest/$(1)/*.c)) $$(stub-runtime) stubdoms/runtime/stubdom.lds
	$$(call say,LINK,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)ld -nostdlib -static -z noexecstack --build-id=none -T stubdoms/runtime/stubdom.lds -o $$@ $$(filter %.o,$$^)
endef
$(foreach t,$(guest-tests),$(eval $(call guest-test-rule,$(t))))

# -- host unit tests (ASan + UBSan) -------------------------------------------------------------
define unit-rule
$(O)/unit/$(1): $($(1)-src) | $(generated)
	$$(call say,UNIT,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(CC) $$(unit-cflags) $($(1)-cflags) -MMD -MP -MF $$@.d -o $$@ $($(1)-src) -lcmocka $($(1)-libs)
endef
$(foreach t,$(unit-tests),$(eval $(call unit-rule,$(t))))

test-progs: $(addprefix $(O)/bin/,$(test-progs))

unit: $(addprefix $(O)/unit/,$(unit-tests))
	$(Q)tools/build/run-unit $(O) $(unit-tests)

guest-tests-run: $(addprefix $(O)/tests/guest/,$(addsuffix .elf,$(guest-tests))) $(O)/xen/bulkhead
	$(Q)tests/guest/run $(O) $(guest-tests)

# A minute of each race, where `make test` gives them seconds.
race-long: $(O)/tests/guest/revoke-race.elf $(O)/tests/guest/revoke-storm.elf $(O)/xen/bulkhead
	$(Q)OPTIONS='threads=1 args=seconds=60 limit=240' tests/guest/run $(O) revoke-race@long revoke-storm@long

# Driver domains that are killed for ten minutes, under a guest that uses them: tests/steps/55-soak, longer.
soak: all
	$(Q)tools/build/deps build run
	$(Q)tests/soak/run $(O) 600

# -- checks of the sources ----------------------------------------------------------------------
contract-headers := $(shell find xen/include xen/arch/x86/include xsm-flask/include -name '*.h' | sort)
check-headers: $(generated)
	$(Q)for h in $(contract-headers); do \
	    if echo "#include \"$$h\"" | $(CC) $(hv-cflags) -x c -c -o /dev/null - 2>$(O)/header.err; \
	    then echo "ok header $$h"; else echo "not ok header $$h"; sed 's/^/# /' $(O)/header.err; bad=1; fi; \
	done; [ -z "$$bad" ]

analyze: $(generated)
	$(Q)tools/build/analyze $(O) "$(hv-cflags)" "$(host-cflags) -DBH_VERSION=\"$(VERSION)\" -Idriver-domains/common" "$(stub-cflags)" \
	    "$(hv-obj)" "$(sort $(foreach p,$(host-progs) $(test-progs),$($(p)-obj)))" "$(sort $(runtime-obj) $(foreach s,$(stubdoms),$($(s)-obj)))"

# -- what a person types ------------------------------------------------------------------------
IMAGE := $(O)/first-light
HOST_CONF := examples/host.conf
again = $(MAKE) --no-print-directory O=$(O) V=$(V)
bh = $(O)/bin/bh

deps:
	$(Q)tools/build/deps build run test

run:
	$(Q)tools/build/deps build run
	$(Q)$(again) -j$$(nproc) all
	$(Q)$(if $(want-shell),$(again) run-shell,$(again) run-scenario)

run-scenario:
	$(Q)tools/build/scenario $(O) $(HOST_CONF) $(IMAGE)

# A host asked every second: what changes is seen, and what is no change is not.
run-attest:
	$(Q)tools/build/deps build run
	$(Q)$(again) -j$$(nproc) all
	$(Q)tools/build/attest-scenario $(O)

run-shell:
	$(Q)tools/build/host-image $(O) $(IMAGE) $(HOST_CONF)
	$(Q)$(bh) run --shell $(IMAGE)

# Until interrupted; the disk stays in the build folder.
run-devices:
	$(Q)tools/build/deps build run
	$(Q)$(again) -j$$(nproc) all
	$(Q)$(bh) build -O $(O) -o $(O)/devices examples/devices.conf
	$(Q)[ -e $(O)/devices.img ] || truncate -s 128M $(O)/devices.img
	$(Q)$(bh) run -v --firmware direct --qemu "$$(examples/devices/machine $(O)/devices.img)" $(O)/devices

test:
	$(Q)tools/build/deps build run test
	$(Q)$(again) -j$$(nproc) all test-progs
	$(Q)tests/run $(O)

bench:
	$(Q)tools/build/deps build run bench
	$(Q)$(again) -j$$(nproc) all $(O)/unit/test_flask_cost
	$(Q)tests/bench/run $(O)

bench-io:
	$(Q)tools/build/deps build run bench
	$(Q)$(again) -j$$(nproc) all
	$(Q)tests/bench/io/run $(O)

define help_text
Bulkhead $(VERSION)

  make             build everything
  make parts       only what images are made of
  make run         build a host from $(HOST_CONF), boot it, show the scenario, attest it
  make run SHELL=1 the same host, with you on the guest's console
  make run-attest  a host whose changes a verifier sees, by TLS, within a second
  make run-devices a host whose domains drive a disk and a network card, and crash
  make test        every test; ends with "N passed, N failed"
  make unit        host tests only
  make race-long   policy changes against traffic, for minutes
  make soak        driver domains are killed for ten minutes, under a guest that checks its disk and network
  make bench       figures beside Debian's Xen 4.17
  make bench-io    a guest's disk and network, beside Xen and beside no hypervisor
  make analyze     the Clang static analyzer over all sources
  make deps        install the Debian packages that are missing
  make clean       remove $(O)/

  O=DIR  build elsewhere     V=1  show commands     -jN  in parallel
  DEBUG=1  a hypervisor that checks its locks and fails attestation, into build-debug/
endef
export help_text
help:
	@echo "$$help_text"

.PHONY: all parts test-progs unit guest-tests-run race-long soak check-headers analyze deps run run-scenario run-shell run-attest run-devices test bench bench-io clean help
all: parts $(addprefix $(O)/tests/guest/,$(addsuffix .elf,$(guest-tests)))

# What images are made of, and what makes them.
parts: $(O)/xen/efi-stub $(addprefix $(O)/bin/,$(host-progs)) $(addprefix $(O)/stubdoms/,$(addsuffix .elf,$(stubdoms))) $(hv-target)

clean:
	rm -rf $(O)

-include $(shell find $(O) -name '*.d' -type f 2>/dev/null)
