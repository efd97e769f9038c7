# SPDX-License-Identifier: Apache-2.0
# bh policy: libsepol's static library, for the shared one keeps its structures to itself; and the hypervisor's own engine.
bh-policy-core := cil_tree compile decide explain hardware message model names rules said said_hints source table te_broken te_compile
bh-policy-core += te_files te_rules te_scan trace
bh-policy-src := $(bh-policy-core) asked assertions avc_line avc_log avc_read check_declared check_devices check_domains check_rules cite compare
bh-policy-src += drawn facts findings flow flow_build flow_pairs flow_tell labels located main parties permission_map picture proof type_set
bh-policy-src += verb_assert verb_audit verb_build verb_check verb_coverage verb_diff verb_flow verb_gen verb_show verb_sim verb_why
bh-policy-src += verdict verdict_show
bh-obj += $(bh-policy-src:%=tools/bh/policy/%.o) $(flask-host-obj)
bh-libs += -l:libsepol.a
cflags-tools/bh/policy/main = -Itools/bh
