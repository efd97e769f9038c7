# SPDX-License-Identifier: Apache-2.0
vpci-src := tests/unit/vpci/world.c tests/unit/pci/bus.c $(wildcard xen/drivers/pci/*.c) $(wildcard xen/common/vpci/*.c) \
            xen/common/device_irq.c $(addprefix tests/harness/,fake_core.c fake_domain.c fake_heap.c)
vpci-cflags := -Itests/unit/vpci -Itests/unit/pci

unit-tests += test_vpci test_vpci_irq
test_vpci-src := tests/unit/vpci/test_vpci.c $(vpci-src)
test_vpci-cflags := $(vpci-cflags)
test_vpci_irq-src := tests/unit/vpci/test_vpci_irq.c $(vpci-src)
test_vpci_irq-cflags := $(vpci-cflags)

# A guest that accesses at random; tests/fuzz/vpci.c. For long: make fuzz-vpci [FUZZ_SECONDS=60]
unit-tests += fuzz_vpci
fuzz_vpci-src := tests/fuzz/vpci.c tests/fuzz/manifest_elf_runner.c $(vpci-src)
fuzz_vpci-cflags := $(vpci-cflags) -DROUNDS=3000u

$(O)/fuzz/vpci-fuzz: tests/fuzz/vpci.c $(vpci-src) | $(generated)
	$(call say,FUZZ,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) -std=gnu11 -O1 -g -D_GNU_SOURCE -DBULKHEAD_HOST -D__XEN_TOOLS__ $(abi-inc) -Itests/harness/arch-fake \
	    -Ixsm-flask/include -Itests/harness $(vpci-cflags) -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -o $@ $(vpci-src) $<

fuzz-vpci: $(O)/fuzz/vpci-fuzz
	$(Q)mkdir -p $(O)/fuzz/vpci/corpus
	$(Q)$< -max_len=4096 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 -artifact_prefix=$(O)/fuzz/vpci/ \
	    -max_total_time=$(FUZZ_SECONDS) $(O)/fuzz/vpci/corpus
.PHONY: fuzz-vpci
