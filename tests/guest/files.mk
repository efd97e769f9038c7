# SPDX-License-Identifier: Apache-2.0
# One folder a kernel; tests/guest/run says what `options` beside main.c may hold.
guest-tests += memory physmap evtchn grants grantcopy misc typed cpu vcpu smp wakeup crash-call crash-write crash-triple

# Checks the hash chain with the hypervisor's own SHA-256.
guest-tests += audit
$(O)/tests/guest/audit.elf: $(O)/stub/xen/lib/sha256.o
