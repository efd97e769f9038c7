# SPDX-License-Identifier: Apache-2.0
# The hypervisor: what is not listed by a folder below, and how the product file is put together.
boot-obj += xen/arch/x86/boot/efi.o

hv-obj += xen/arch/x86/boot/entry.o
hv-obj += xen/arch/x86/boot/multiboot.o
hv-obj += xen/arch/x86/cpu/cpu.o
hv-obj += xen/arch/x86/cpu/power.o
hv-obj += xen/arch/x86/cpu/smp.o
hv-obj += xen/arch/x86/cpu/trampoline.o
hv-obj += xen/arch/x86/hvm/cpuid.o
hv-obj += xen/arch/x86/hvm/decode.o
hv-obj += xen/arch/x86/hvm/io.o
hv-obj += xen/arch/x86/hvm/mmio.o
hv-obj += xen/arch/x86/hvm/msr.o
hv-obj += xen/arch/x86/hvm/vlapic.o
hv-obj += xen/arch/x86/irq/ioapic.o
hv-obj += xen/arch/x86/irq/lapic.o
hv-obj += xen/arch/x86/mm/paging.o
hv-obj += xen/arch/x86/svm/enter.o
hv-obj += xen/arch/x86/svm/exit.o
hv-obj += xen/arch/x86/svm/run.o
hv-obj += xen/arch/x86/svm/svm.o
hv-obj += xen/arch/x86/svm/vcpu.o
hv-obj += xen/arch/x86/time/tsc.o
hv-obj += xen/arch/x86/trap/entry.o
hv-obj += xen/arch/x86/trap/trap.o
hv-obj += xen/common/console.o
hv-obj += xen/common/domain.o
hv-obj += xen/common/sched/core.o
hv-obj += xen/common/sched/fair.o
hv-obj += xen/common/softirq.o
hv-obj += xen/common/start.o
hv-obj += xen/common/timer.o
hv-obj += xen/common/vcpu_timers.o

cflags-xen/common/start := -DBULKHEAD_VERSION='"$(VERSION)"'
hv-target := $(O)/xen/bulkhead
