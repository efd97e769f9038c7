# SPDX-License-Identifier: Apache-2.0
hv-obj += $(addprefix xen/common/grant/,table.o pin.o track.o map.o unmap.o copy.o transfer.o query.o revoke.o rows.o)
