# SPDX-License-Identifier: Apache-2.0
fakes := tests/harness/fake_revoke.c tests/harness/fake_core.c tests/harness/fake_domain.c tests/harness/fake_guest.c \
         tests/harness/fake_heap.c tests/harness/fake_avc.c tests/harness/fake_softirq.c tests/harness/fake_xsm.c
evtchn-src := $(wildcard xen/common/evtchn/*.c) xen/common/hypercalls/event_channel_op.c

unit-tests += test_evtchn
test_evtchn-src := tests/unit/common/evtchn/test_evtchn.c xen/common/hypercall.c $(evtchn-src) $(fakes)

unit-tests += test_evtchn_threads
test_evtchn_threads-src := tests/unit/common/evtchn/test_threads.c xen/common/hypercall.c $(evtchn-src) $(fakes)
test_evtchn_threads-libs := -pthread

unit-tests += test_dispatch
test_dispatch-src := tests/unit/common/hypercall/test_dispatch.c xen/common/hypercall.c \
                     xen/common/hypercalls/multicall.c xen/common/hypercalls/xen_version.c $(fakes)

unit-tests += test_lib
test_lib-src := tests/unit/lib/test_lib.c tests/unit/lib/renamed.c
test_lib-cflags := -fno-builtin

# The real softirqs of CPUs that the test steps through; fakes below them.
unit-tests += test_revoke_job
test_revoke_job-src := tests/unit/common/revoke/test_job.c xen/common/revoke/job.c xen/common/softirq.c \
                       tests/harness/fake_core.c tests/harness/fake_domain.c tests/harness/fake_xsm.c

# The whole table, to be read and not run: what handlers call outside of these files stays unresolved.
table-src := xen/common/hypercall.c xen/common/hypercall_table.c $(wildcard xen/common/hypercalls/*.c) \
             $(wildcard xen/common/evtchn/*.c) $(wildcard xen/common/grant/*.c) \
             $(addprefix xen/common/mem/,memory_op.c reservation.c physmap.c memory_map.c) \
             xsm-flask/flask_op.c
unresolved := -no-pie -Wl,--unresolved-symbols=ignore-all

unit-tests += test_table
test_table-src := tests/unit/common/hypercall/test_table.c $(table-src)
test_table-libs := $(unresolved)
test_table-cflags := -fno-pie

# The engine's rings and the measurement log as they are, without a TPM.
unit-tests += test_audit_op
test_audit_op-src := tests/unit/common/hypercall/test_audit_op.c xen/common/hypercalls/audit_op.c \
                     xsm-flask/audit_ring.c xsm-flask/host/env.c xsm-flask/host/env_cpu.c xen/common/measure/measure.c \
                     xen/common/measure/eventlog.c xen/common/measure/text.c \
                     $(addprefix xen/lib/,sha1.c sha256.c sha512.c) \
                     tests/harness/fake_core.c tests/harness/fake_guest.c
test_audit_op-cflags := -fno-pie
test_audit_op-libs := -lcrypto $(unresolved)

# The real scheduler and softirqs of CPUs that the test steps through; its clock and timers are the test's.
unit-tests += test_sched
test_sched-src := tests/unit/common/sched/test_sched.c xen/common/sched/core.c xen/common/sched/fair.c xen/common/softirq.c
