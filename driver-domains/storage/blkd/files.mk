# SPDX-License-Identifier: Apache-2.0
# The daemon that serves disks; static, as the rest of the ramdisk.
host-progs += blkd
blkd-obj := driver-domains/common/backend.o
blkd-obj += driver-domains/common/options.o
blkd-obj += driver-domains/common/store.o
blkd-obj += driver-domains/storage/blkd/address.o
blkd-obj += driver-domains/storage/blkd/blkd.o
blkd-obj += driver-domains/storage/blkd/channel.o
blkd-obj += driver-domains/storage/blkd/device.o
blkd-obj += driver-domains/storage/blkd/disk.o
blkd-obj += driver-domains/storage/blkd/grants.o
blkd-obj += driver-domains/storage/blkd/queue.o
blkd-obj += driver-domains/storage/blkd/request.o
blkd-obj += driver-domains/storage/blkd/ring.o
blkd-obj += driver-domains/storage/blkd/uring.o
blkd-libs := -static
$(foreach o,address blkd disk,$(eval cflags-driver-domains/storage/blkd/$(o) := -Idriver-domains/common))

unit-tests += driver_domains_ring
driver_domains_ring-src := driver-domains/storage/blkd/request.c driver-domains/storage/blkd/test_ring.c
$(O)/unit/driver_domains_ring: driver-domains/storage/blkd/ring.c $(wildcard driver-domains/storage/blkd/*.h)

unit-tests += driver_domains_disk
driver_domains_disk-src := $(addprefix driver-domains/common/,backend.c fake_store.c options.c)
driver_domains_disk-src += $(addprefix driver-domains/storage/blkd/,address.c disk.c test_disk.c)
driver_domains_disk-cflags := -Idriver-domains/common
