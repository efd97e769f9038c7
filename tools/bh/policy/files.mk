# SPDX-License-Identifier: Apache-2.0
# bh policy: libsepol's static library, for the shared one keeps its structures to itself; and the hypervisor's own engine.
bh-policy-src := avc_line avc_log avc_read cil_tree cite compare compile decide explain labels located main message model names rules said source table
bh-policy-src += verb_audit verb_coverage verb_diff verb_show verb_sim verb_why verdict verdict_show
bh-obj += $(bh-policy-src:%=tools/bh/policy/%.o) $(flask-host-obj)
bh-libs += -l:libsepol.a
cflags-tools/bh/policy/main = -Itools/bh
