# SPDX-License-Identifier: Apache-2.0
# The file that the network domain serves: about 1 MiB of known content.
$(O)/images/served.txt:
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)seq 3 3 480000 > $@

parts: $(O)/images/served.txt
