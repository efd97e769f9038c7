# SPDX-License-Identifier: Apache-2.0
launch-src = $(launch-pure:.o=.c) xen/launch/offline.c xen/lib/sha256.c
acpi-src := xen/drivers/acpi/acpi.c xen/drivers/acpi/dmar.c xen/drivers/acpi/ivrs.c \
            xen/drivers/acpi/madt.c xen/drivers/acpi/parse.c xen/drivers/acpi/table.c

unit-tests += test_manifest
test_manifest-src = tests/unit/launch/test_manifest.c tests/unit/launch/tree.c $(launch-src)
test_manifest-libs := -lfdt

unit-tests += test_elf
test_elf-src := tests/unit/launch/test_elf.c tests/unit/launch/kernel.c xen/launch/elf.c \
                xen/launch/error.c

unit-tests += test_pvh
test_pvh-src = tests/unit/launch/test_pvh.c tests/unit/launch/kernel.c \
               tests/unit/measure/fake_log.c $(launch-src) $(acpi-src)

unit-tests += test_cmdline
test_cmdline-src := tests/unit/launch/test_cmdline.c tests/unit/measure/fake_log.c \
                    xen/common/cmdline.c xen/lib/parse.c

# Fuzz entries, run over mutations of a valid input.
fuzz-runner := tests/fuzz/manifest_elf_runner.c

unit-tests += fuzz_manifest
fuzz_manifest-src = tests/fuzz/manifest.c $(fuzz-runner) tests/unit/launch/tree.c $(launch-src)
fuzz_manifest-libs := -lfdt

unit-tests += fuzz_elf
fuzz_elf-src = tests/fuzz/elf.c $(fuzz-runner) tests/unit/launch/kernel.c $(launch-src)
fuzz_elf-cflags := -DROUNDS=4000u # each one is hashed

unit-tests += fuzz_acpi
fuzz_acpi-src := tests/fuzz/elf_acpi.c $(fuzz-runner) tests/unit/drivers/tables.c \
                 tests/unit/measure/fake_log.c $(acpi-src)

unit-tests += test_restart_pause
test_restart_pause-src := tests/unit/launch/test_restart_pause.c xen/launch/restart_pause.c
