# SPDX-License-Identifier: Apache-2.0
# bh policy: libsepol's static library, for the shared one keeps its structures to itself; and the hypervisor's own engine.
bh-policy-core := cil_tree compile decide explain labels message model names rules said said_hints source table te_compile
bh-policy-core += te_files te_rules te_scan trace
bh-policy-src := $(bh-policy-core) asked check_declared check_devices check_domains check_rules findings main
bh-policy-src += verb_build verb_check verb_show verb_why
bh-obj += $(bh-policy-src:%=tools/bh/policy/%.o) $(flask-host-obj)
bh-libs += -l:libsepol.a
cflags-tools/bh/policy/main = -Itools/bh
