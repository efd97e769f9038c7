# SPDX-License-Identifier: Apache-2.0
hv-obj += xen/common/vpci/bar.o \
          xen/common/vpci/caps.o \
          xen/common/vpci/config.o \
          xen/common/vpci/intx.o \
          xen/common/vpci/msi.o \
          xen/common/vpci/msix.o \
          xen/common/vpci/vpci.o
