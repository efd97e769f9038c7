# SPDX-License-Identifier: Apache-2.0
# Keeps a disk busy and checks every block that it gets.
host-progs += diskload
diskload-obj := tests/soak/diskload.o
diskload-libs := -static
