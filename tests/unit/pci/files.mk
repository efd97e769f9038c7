# SPDX-License-Identifier: Apache-2.0
pci-src := tests/unit/pci/bus.c $(wildcard xen/drivers/pci/*.c)

unit-tests += test_pci test_pci_caps
test_pci-src := tests/unit/pci/test_pci.c $(pci-src) tests/harness/fake_core.c
test_pci-cflags := -Itests/unit/pci
test_pci_caps-src := tests/unit/pci/test_pci_caps.c $(pci-src) tests/harness/fake_core.c
test_pci_caps-cflags := -Itests/unit/pci
