# SPDX-License-Identifier: Apache-2.0
# The policy engine, in the hypervisor and as sources for host programs (flask-src).

av-cil := policy/access_vectors.cil
generated += $(O)/include/xsm/av_permissions.h $(O)/include/xsm/av_names.h

$(O)/include/xsm/av_permissions.h: $(av-cil) tools/build/gen-av
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)tools/build/gen-av constants $< > $@
$(O)/include/xsm/av_names.h: $(av-cil) tools/build/gen-av
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)tools/build/gen-av names $< > $@

