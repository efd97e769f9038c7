# SPDX-License-Identifier: Apache-2.0
hv-obj += xen/common/measure/eventlog.o
hv-obj += xen/common/measure/measure.o
hv-obj += xen/common/measure/text.o
hv-obj += xen/common/measure/turn.o
hv-obj += xen/lib/sha1.o
hv-obj += xen/lib/sha256.o
hv-obj += xen/lib/sha512.o
