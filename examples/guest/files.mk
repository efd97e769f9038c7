# SPDX-License-Identifier: Apache-2.0
host-progs += refuse
refuse-obj := examples/guest/privcmd.o
refuse-obj += examples/guest/refuse.o
refuse-libs := -static -lxenstore -lxentoolcore -lpthread

# What the guest must find: computed at build, so that it comes from the sources and not from the wire.
$(O)/images/guest.expect: $(O)/images/known.txt $(O)/images/served.txt
	$(call say,GEN,$@)
	$(Q)printf 'DISK_SHA256=%s\nNET_SHA256=%s\n' $$(sha256sum < $(O)/images/known.txt | cut -d' ' -f1) \
	    $$(sha256sum < $(O)/images/served.txt | cut -d' ' -f1) > $@

parts: $(O)/images/guest.expect
