# SPDX-License-Identifier: Apache-2.0
# check-table prints docs/mediation.md out of the hypercall table (table-src: tests/unit/common/files.mk).
host-progs += check-table
check-table-obj := tools/build/check-table.o $(table-src:.c=.o)
check-table-libs := $(unresolved)

.PHONY: mediation check-mediation
mediation: $(O)/bin/check-table
	$(Q)$< > docs/mediation.md.new && mv docs/mediation.md.new docs/mediation.md

# Part of the unit tests: the page says what the table says.
check-mediation: $(O)/bin/check-table
	$(Q)$< | cmp -s - docs/mediation.md || { echo "docs/mediation.md is not what the table says: run 'make mediation'" >&2; exit 1; }
unit: check-mediation

# What `bh policy check` knows of who asks what.
$(O)/include/policy_asked.h: $(O)/bin/check-table tools/build/gen-asked $(shell find xen xsm-flask stubdoms control -name '*.[ch]')
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)tools/build/gen-asked $< >$@.tmp
	$(Q)mv $@.tmp $@
$(O)/host/tools/bh/policy/asked.o: $(O)/include/policy_asked.h
