# SPDX-License-Identifier: Apache-2.0
launch-pure := xen/launch/acpi_tables.o \
               xen/launch/digest.o \
               xen/launch/elf.o \
               xen/launch/error.o \
               xen/launch/fdt.o \
               xen/launch/manifest.o \
               xen/launch/manifest_check.o \
               xen/launch/manifest_domain.o \
               xen/launch/manifest_module.o \
               xen/launch/manifest_node.o \
               xen/launch/pvh.o

hv-obj += xen/common/cmdline.o
hv-obj += $(launch-pure) \
          xen/launch/ask.o \
          xen/launch/build.o \
          xen/launch/legacy.o \
          xen/launch/measure.o \
          xen/launch/restart.o \
          xen/launch/restart_pause.o \
          xen/launch/start.o

# What tells a domain of its PCI bus.
launch-aml := $(O)/include/launch/pci_aml.h
$(launch-aml): xen/launch/pci.asl
	$(call say,ASL,$@)
	$(Q)mkdir -p $(@D)
	$(Q)iasl -vs -ta -p $(@:.h=) $< > $(@:.h=.log) 2>&1 || { cat $(@:.h=.log); exit 1; }
	$(Q)xxd -i < $(@:.h=.aml) | sed '1i static const unsigned char pci_aml[] = {' > $@ && echo '};' >> $@
generated += $(launch-aml)

# For host programs that read manifests and compute launch digests (with xen/lib/sha256.o).
launch-host-obj := $(launch-pure) xen/launch/offline.o

# What `bulkhead version=... build-id=...` says: the identity of the sources that the hypervisor is made of.
launch-id-src := $(sort $(shell find xen xsm-flask policy -name '*.[chS]' -o -name '*.lds' -o -name '*.asl' -o -name '*.cil')) \
                 Makefile
launch-id := $(O)/include/launch/build_id.h
$(launch-id): $(launch-id-src) $(hv-kind)
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)printf '#define LAUNCH_VERSION "%s"\n#define LAUNCH_BUILD_ID "%s"\n#define LAUNCH_KIND "%s"\n' '$(VERSION)' \
	    "$$(sha256sum $(launch-id-src) | sha256sum | cut -c1-40)" '$(if $(filter 1,$(DEBUG)), debug)' > $@
generated += $(launch-id)
