# SPDX-License-Identifier: Apache-2.0
# backendd's tests as ordinary programs, for the ramdisk that runs them on Debian's kernel.
test-progs += lab-vbd lab-qcow2 lab-vif
lab-vbd-obj := $(driver_domains_vbd-src:.c=.o)
lab-vbd-libs := -lcmocka
lab-qcow2-obj := $(driver_domains_qcow2-src:.c=.o)
lab-qcow2-libs := -lcmocka
lab-vif-obj := $(driver_domains_vif-src:.c=.o)
lab-vif-libs := -lcmocka

test-progs += lab-store
lab-store-obj := driver-domains/common/store.o tests/backends/lab_store.o
lab-store-libs := -static
