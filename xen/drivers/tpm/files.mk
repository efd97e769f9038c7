# SPDX-License-Identifier: Apache-2.0
hv-obj += xen/drivers/tpm/commands.o
hv-obj += xen/drivers/tpm/crb.o
hv-obj += xen/drivers/tpm/io.o
hv-obj += xen/drivers/tpm/reserve.o
hv-obj += xen/drivers/tpm/tis.o
hv-obj += xen/drivers/tpm/tpm.o
