# SPDX-License-Identifier: Apache-2.0
hv-obj += $(addprefix xen/common/revoke/,devices.o ioports.o job.o pages.o)
