# SPDX-License-Identifier: Apache-2.0
# Static programs for the ramdisks: the image then needs no library for them.
host-progs += backendd
backendd-obj := driver-domains/common/backend.o
backendd-obj += driver-domains/common/backendd.o
backendd-obj += driver-domains/common/store.o
backendd-obj += driver-domains/common/vbd.o
backendd-obj += driver-domains/common/vif.o
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
