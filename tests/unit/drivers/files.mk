# SPDX-License-Identifier: Apache-2.0
tables-src := tests/unit/drivers/tables.c tests/unit/measure/fake_log.c xen/drivers/acpi/acpi.c xen/drivers/acpi/dmar.c \
              xen/drivers/acpi/ivrs.c xen/drivers/acpi/madt.c xen/drivers/acpi/parse.c xen/drivers/acpi/table.c
unit-tests += test_acpi test_dmar test_ivrs
test_acpi-src := tests/unit/drivers/test_acpi.c $(tables-src)
test_dmar-src := tests/unit/drivers/test_dmar.c $(tables-src)
test_ivrs-src := tests/unit/drivers/test_ivrs.c $(tables-src)
