# SPDX-License-Identifier: Apache-2.0
host-progs += permissive
permissive-obj := tests/attest-network/permissive.o examples/guest/privcmd.o
