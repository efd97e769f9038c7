# SPDX-License-Identifier: Apache-2.0
# The policy engine, in the hypervisor and as sources for host programs (flask-src).

av-cil := policy/access_vectors.cil policy/fine_vectors.cil
generated += $(O)/include/xsm/av_permissions.h $(O)/include/xsm/av_names.h

$(O)/include/xsm/av_permissions.h: $(av-cil) tools/build/gen-av
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)tools/build/gen-av constants $(av-cil) > $@
$(O)/include/xsm/av_names.h: $(av-cil) tools/build/gen-av
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)tools/build/gen-av names $(av-cil) > $@

flask-src := \
    xsm-flask/arena.c \
    xsm-flask/audit.c \
    xsm-flask/audit_limit.c \
    xsm-flask/audit_record.c \
    xsm-flask/audit_ring.c \
    xsm-flask/avc.c \
    xsm-flask/avtab.c \
    xsm-flask/booleans.c \
    xsm-flask/candidate.c \
    xsm-flask/classmap.c \
    xsm-flask/compute_av.c \
    xsm-flask/compute_sid.c \
    xsm-flask/constraint.c \
    xsm-flask/context.c \
    xsm-flask/ebitmap.c \
    xsm-flask/flask_op.c \
    xsm-flask/flask_op_boolean.c \
    xsm-flask/mls.c \
    xsm-flask/ocontext.c \
    xsm-flask/rule_index.c \
    xsm-flask/services.c \
    xsm-flask/sidtab.c \
    xsm-flask/symtab.c \
    xsm-flask/policydb/attributes.c \
    xsm-flask/policydb/booleans.c \
    xsm-flask/policydb/check.c \
    xsm-flask/policydb/classes.c \
    xsm-flask/policydb/constraints.c \
    xsm-flask/policydb/cursor.c \
    xsm-flask/policydb/header.c \
    xsm-flask/policydb/levels.c \
    xsm-flask/policydb/ocontexts.c \
    xsm-flask/policydb/read.c \
    xsm-flask/policydb/roles.c \
    xsm-flask/policydb/rules.c \
    xsm-flask/policydb/transitions.c \
    xsm-flask/policydb/types.c \
    xsm-flask/policydb/users.c

hv-obj += $(flask-src:.c=.o) xsm-flask/builtin_policy.o

# Host programs link these beside their own: the engine and a libc environment for it.
flask-host-obj := $(flask-src:.c=.o) xsm-flask/host/env.o xsm-flask/host/env_cpu.o xen/lib/sha256.o
flask-host-src := $(flask-src) xsm-flask/host/env.c xsm-flask/host/env_cpu.c xen/lib/sha256.c

# The embedded policy is found through the build folder, so that the object holds no path.
$(O)/hv/xsm-flask/builtin_policy.o: $(O)/policy/legacy.bin
$(O)/hv/xsm-flask/builtin_policy.o: hv-cflags += -DBUILTIN_POLICY_FILE='"$(O)/policy/legacy.bin"'

include tests/fuzz/policy.mk
