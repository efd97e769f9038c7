# SPDX-License-Identifier: Apache-2.0
unit-tests += test_amd test_intel
test_amd-src := tests/unit/iommu/test_amd.c tests/unit/iommu/model.c tests/unit/iommu/host.c xen/arch/x86/iommu/amd.c \
                xen/arch/x86/iommu/amd_domain.c xen/arch/x86/iommu/amd_event.c xen/arch/x86/iommu/amd_irq.c xen/common/iommu.c
test_amd-cflags := -Itests/unit/iommu
test_intel-src := tests/unit/iommu/test_intel.c tests/unit/iommu/model_intel.c tests/unit/iommu/host.c xen/common/iommu.c \
                  $(addprefix xen/arch/x86/iommu/,intel.c intel_domain.c intel_fault.c intel_irq.c intel_open.c \
                    intel_scope.c intel_unit.c)
test_intel-cflags := -Itests/unit/iommu

unit-tests += test_amd_irq
test_amd_irq-src := $(subst test_amd.c,test_amd_irq.c,$(test_amd-src))
test_amd_irq-cflags := -Itests/unit/iommu
