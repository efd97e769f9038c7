# SPDX-License-Identifier: Apache-2.0
# What every memory test is linked with: the real memory code on a fake machine.
mem-code := $(addprefix xen/common/mem/,buddy.c page.c heap.c populate.c reservation.c physmap.c \
                memory_map.c memory_op.c) \
            $(addprefix xen/arch/x86/mm/,p2m.c p2m_teardown.c guest_walk.c guest_copy.c) \
            $(addprefix xen/common/grant/,table.c track.c map.c unmap.c copy.c transfer.c query.c \
                rows.c) \
            xen/common/hypercall.c tests/harness/fake_avc.c tests/unit/mem/fake_mem.c tests/unit/mem/fake_table.c
pin-code := xen/common/grant/pin.c

unit-tests += mem-buddy mem-page mem-op
mem-buddy-src := tests/unit/mem/test_buddy.c $(mem-code) $(pin-code)
mem-page-src := tests/unit/mem/test_page.c $(mem-code) $(pin-code)
mem-op-src := tests/unit/mem/test_memory_op.c $(mem-code) $(pin-code)
