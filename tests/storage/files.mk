# SPDX-License-Identifier: Apache-2.0
# Programs of the test's domains.
host-progs += disk-check
disk-check-obj := tests/storage/disk_check.o
disk-check-libs := -static

host-progs += crash-after
crash-after-obj := tests/storage/crash_after.o
crash-after-libs := -static
