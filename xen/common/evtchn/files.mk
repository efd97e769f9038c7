# SPDX-License-Identifier: Apache-2.0
hv-obj += xen/common/evtchn/bind.o
hv-obj += xen/common/evtchn/close.o
hv-obj += xen/common/evtchn/deliver.o
hv-obj += xen/common/evtchn/internal.o
hv-obj += xen/common/evtchn/send.o
hv-obj += xen/common/evtchn/status.o
hv-obj += xen/common/evtchn/table.o
