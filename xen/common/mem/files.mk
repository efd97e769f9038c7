# SPDX-License-Identifier: Apache-2.0
hv-obj += xen/common/mem/buddy.o xen/common/mem/page.o xen/common/mem/heap.o xen/common/mem/populate.o \
          xen/common/mem/memory_op.o xen/common/mem/reservation.o xen/common/mem/physmap.o xen/common/mem/memory_map.o
hv-obj += xen/arch/x86/mm/p2m.o xen/arch/x86/mm/p2m_teardown.o
hv-obj += xen/arch/x86/mm/guest_walk.o xen/arch/x86/mm/guest_copy.o
