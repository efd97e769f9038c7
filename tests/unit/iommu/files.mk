# SPDX-License-Identifier: Apache-2.0
unit-tests += test_amd
test_amd-src := tests/unit/iommu/test_amd.c tests/unit/iommu/model.c tests/unit/iommu/host.c xen/arch/x86/iommu/amd.c \
                xen/arch/x86/iommu/amd_domain.c xen/arch/x86/iommu/amd_event.c xen/common/iommu.c
test_amd-cflags := -Itests/unit/iommu
