# SPDX-License-Identifier: Apache-2.0
hv-obj += xen/drivers/pci/config.o \
          xen/drivers/pci/function.o \
          xen/drivers/pci/place.o \
          xen/drivers/pci/reset.o
