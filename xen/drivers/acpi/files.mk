# SPDX-License-Identifier: Apache-2.0
hv-obj += xen/drivers/acpi/acpi.o \
          xen/drivers/acpi/dmar.o \
          xen/drivers/acpi/ivrs.o \
          xen/drivers/acpi/madt.o \
          xen/drivers/acpi/parse.o \
          xen/drivers/acpi/table.o
