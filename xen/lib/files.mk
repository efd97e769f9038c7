# SPDX-License-Identifier: Apache-2.0
hv-obj += xen/lib/parse.o
hv-obj += xen/lib/printf.o
hv-obj += xen/lib/string.o
