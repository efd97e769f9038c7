# SPDX-License-Identifier: Apache-2.0
# bh policy: libsepol's static library, for the shared one keeps its structures to itself; and the hypervisor's own engine.
bh-policy-src := assertions cil_tree compile decide drawn explain flow flow_build flow_tell main message model names parties permission_map picture
bh-policy-src += proof rules said source table type_set
bh-policy-src += verb_assert verb_flow verb_gen verb_show verb_why
bh-obj += $(bh-policy-src:%=tools/bh/policy/%.o) $(flask-host-obj)
bh-libs += -l:libsepol.a
cflags-tools/bh/policy/main = -Itools/bh
