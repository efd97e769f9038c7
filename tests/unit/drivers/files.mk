# SPDX-License-Identifier: Apache-2.0
unit-tests += test_acpi
test_acpi-src := tests/unit/drivers/test_acpi.c tests/unit/drivers/tables.c \
                 tests/unit/measure/fake_log.c xen/drivers/acpi/acpi.c xen/drivers/acpi/madt.c \
                 xen/drivers/acpi/parse.c xen/drivers/acpi/table.c
