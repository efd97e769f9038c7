# SPDX-License-Identifier: Apache-2.0
# Static programs for the ramdisks: the image then needs no library for them.
host-progs += backendd
backendd-obj := driver-domains/common/backend.o
backendd-obj += driver-domains/common/backendd.o
backendd-obj += driver-domains/common/claim.o
backendd-obj += driver-domains/common/functions.o
backendd-obj += driver-domains/common/link.o
backendd-obj += driver-domains/common/loop.o
backendd-obj += driver-domains/common/masquerade.o
backendd-obj += driver-domains/common/nbd.o
backendd-obj += driver-domains/common/netlink.o
backendd-obj += driver-domains/common/options.o
backendd-obj += driver-domains/common/qcow2.o
backendd-obj += driver-domains/common/qemu_nbd.o
backendd-obj += driver-domains/common/slot.o
backendd-obj += driver-domains/common/store.o
backendd-obj += driver-domains/common/target.o
backendd-obj += driver-domains/common/uplink.o
backendd-obj += driver-domains/common/vbd.o
backendd-obj += driver-domains/common/vif.o
backendd-obj += driver-domains/common/volume.o
backendd-libs := -static

host-progs += domain-init
domain-init-obj := driver-domains/common/conf.o
domain-init-obj += driver-domains/common/fault.o
domain-init-obj += driver-domains/common/init.o
domain-init-obj += driver-domains/common/modules.o
domain-init-obj += driver-domains/common/services.o
domain-init-obj += driver-domains/common/watchdog.o
domain-init-libs := -static

unit-tests += driver_domains_conf
driver_domains_conf-src := driver-domains/common/conf.c driver-domains/common/test_conf.c
driver_domains_conf-cflags := -Idriver-domains/common

unit-tests += driver_domains_functions
driver_domains_functions-src := $(addprefix driver-domains/common/,fake_store.c functions.c link.c netlink.c options.c slot.c)
driver_domains_functions-src += driver-domains/common/test_functions.c
driver_domains_functions-cflags = -Idriver-domains/common -DSLOT_SYSFS='"$(abspath $(O))/unit/pci"'

vbd-test-src := $(addprefix driver-domains/common/,backend.c claim.c fake_device.c fake_store.c loop.c nbd.c)
vbd-test-src += $(addprefix driver-domains/common/,netlink.c qcow2.c qemu_nbd.c target.c vbd.c volume.c)
vbd-test-cflags = -Idriver-domains/common -DTARGET_IMAGES='"$(abspath $(O))/unit/images"' \
                  -DTARGET_MOUNTS='"$(abspath $(O))/unit/mounts"'

unit-tests += driver_domains_vbd driver_domains_qcow2
driver_domains_vbd-src := $(vbd-test-src) driver-domains/common/test_vbd.c
driver_domains_vbd-cflags = $(vbd-test-cflags)
driver_domains_qcow2-src := $(vbd-test-src) driver-domains/common/test_qcow2.c
driver_domains_qcow2-cflags = $(vbd-test-cflags)

vif-test-src := $(addprefix driver-domains/common/,backend.c fake_store.c link.c masquerade.c netlink.c)
vif-test-src += $(addprefix driver-domains/common/,options.c test_vif.c uplink.c vif.c)
unit-tests += driver_domains_vif
driver_domains_vif-src := $(vif-test-src)
driver_domains_vif-cflags := -Idriver-domains/common
