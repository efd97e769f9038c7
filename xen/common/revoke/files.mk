# SPDX-License-Identifier: Apache-2.0
hv-obj += $(addprefix xen/common/revoke/,ioports.o job.o pages.o)
