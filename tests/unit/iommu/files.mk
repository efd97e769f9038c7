# SPDX-License-Identifier: Apache-2.0
unit-tests += test_amd
test_amd-src := tests/unit/iommu/test_amd.c tests/unit/iommu/model.c xen/arch/x86/iommu/amd.c \
                xen/arch/x86/iommu/amd_domain.c xen/arch/x86/iommu/amd_event.c xen/arch/x86/iommu/amd_irq.c \
                xen/common/iommu.c
test_amd-cflags := -Itests/unit/iommu

unit-tests += test_amd_irq
test_amd_irq-src := $(subst test_amd.c,test_amd_irq.c,$(test_amd-src))
test_amd_irq-cflags := -Itests/unit/iommu
