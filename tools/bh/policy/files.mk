# SPDX-License-Identifier: Apache-2.0
# bh policy: libsepol's static library, for the shared one keeps its structures to itself; and the hypervisor's own engine.
bh-policy-src := assertions avc_line avc_log avc_read cil_tree cite compare compile decide drawn explain flow flow_build flow_pairs flow_tell labels located main
bh-policy-src += message model names parties permission_map picture proof rules said source table type_set verdict verdict_show
bh-policy-src += verb_assert verb_audit verb_coverage verb_diff verb_flow verb_gen verb_show verb_sim verb_why
bh-obj += $(bh-policy-src:%=tools/bh/policy/%.o) $(flask-host-obj)
bh-libs += -l:libsepol.a
cflags-tools/bh/policy/main = -Itools/bh
