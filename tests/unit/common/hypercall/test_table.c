/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table against the world: every operation of the public headers has a row (or a reason for its absence), every row
 * is in the headers under its number, every question names a permission of policy/access_vectors.cil or fine_vectors.cil,
 * and every permission is asked by some row, itself or in place of a finer one, or listed below with the reason.
 *
 * Linked with the families themselves; what their handlers call is left unresolved, since only the rows are read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <regex.h>
#include <stdio.h>

#include "../../../../xen/common/hypercall_table.h"

/* -- names of classes and permissions, from the access vectors ------------------------------------ */

static const struct {
    const char *name;
    unsigned bits;
} classes[] = {
    { NULL, 0 },
#define CLASS(name, count) { #name, count },
#define PERM(class_, bit, name)
#define PERM_ELSE(class_, bit, name, ...) PERM(class_, bit, name)
#include <xsm/av_names.h>
#undef CLASS
#undef PERM
#undef PERM_ELSE
};

static const struct perm {
    uint16_t tclass;
    unsigned bit;
    const char *name;
    uint16_t else_class; /* asked in its place of a policy without the class */
    uint32_t else_perm;
} perms[] = {
#define FALLBACK_ALLOWED 0xffff
#define CLASS(name, count)
#define PERM(class_, bit, name) { class_, bit, #name, 0, 0 },
#define PERM_ELSE(class_, bit, name, else_class, else_perm) { class_, bit, #name, else_class, else_perm },
#include <xsm/av_names.h>
#undef CLASS
#undef PERM
#undef PERM_ELSE
};

/* -- operations of the headers ---------------------------------------------------------------------- */

static const struct {
    const char *header, *family, *prefix;
    const char *not_ops; /* regular expression of constants with the prefix that are no operations */
} sources[] = {
    { "event_channel.h", "event_channel_op", "EVTCHNOP_", "^EVTCHNOP_reset_cont$" },
    { "sched.h", "sched_op", "SCHEDOP_", NULL },
    { "vcpu.h", "vcpu_op", "VCPUOP_", NULL },
    { "version.h", "xen_version", "XENVER_", NULL },
    { "hvm/hvm_op.h", "hvm_op", "HVMOP_",
      "^HVMOP_(altp2m_.*|ALTP2M_.*|set_pci_intx_level|set_isa_irq_level|set_pci_link_route)$" },
    { "memory.h", "memory_op", "XENMEM_",
      "^XENMEM_(paging_op_|access_op_|sharing_op_|resource_|FORK_|SHARING_|RDM_|CLAIM|exchange_)" },
    { "grant_table.h", "grant_table_op", "GNTTABOP_", NULL },
    { "physdev.h", "physdev_op", "PHYSDEVOP_", "^PHYSDEVOP_(DBGP_|[A-Z]+_[A-Z_]*$)" },
    { "platform.h", "platform_op", "XENPF_", "^XENPF_(INTERFACE_VERSION|ACPI_SLEEP_EXTENDED)$" },
    { "domctl.h", "domctl", "XEN_DOMCTL_",
      "^XEN_DOMCTL_([A-Z].*|soft_reset_cont|vmtrace_(enable|disable|reset_and_enable|"
      "output_position|get_option|set_option))$" },
    { "sysctl.h", "sysctl", "XEN_SYSCTL_",
      "^XEN_SYSCTL_([A-Z].*|pm_op_.*|cpu_featureset_.*|cpu_policy_.*|set_parameter)$" },
    { "xsm/flask_op.h", "xsm_op", "FLASK_", NULL },
    { "xen.h", "console_io", "CONSOLEIO_", NULL },
    { "xen.h", "vm_assist", "VMASST_CMD_", NULL },
};

static const struct hypercall_family *family_by_name(const char *name)
{
    for (unsigned i = 0; i < HYPERCALL_COUNT; i++) {
        if (hypercall_table[i] != NULL && strcmp(hypercall_table[i]->name, name) == 0) {
            return hypercall_table[i];
        }
    }
    return NULL;
}

/* Calls fn for each "#define PREFIXname <number>" of a header; comments do not begin so. */
static void each_constant(const char *header, const char *prefix, const char *exclude,
                          void (*fn)(const char *name, unsigned long value, void *arg), void *arg)
{
    char path[128], line[512], name[128];
    regex_t skip;
    FILE *f;

    snprintf(path, sizeof(path), "/usr/include/xen/%s", header);
    f = fopen(path, "r");
    assert_non_null(f);
    assert_int_equal(regcomp(&skip, exclude != NULL ? exclude : "^$", REG_EXTENDED | REG_NOSUB), 0);
    while (fgets(line, sizeof(line), f) != NULL) {
        char value[64], *end;
        unsigned long v;

        if (sscanf(line, " # define %127s %63s", name, value) != 2 &&
            sscanf(line, "#define %127s %63s", name, value) != 2) {
            continue;
        }
        v = strtoul(value, &end, 0);
        if (strncmp(name, prefix, strlen(prefix)) != 0 || end == value || *end != '\0' ||
            regexec(&skip, name, 0, NULL, 0) == 0) {
            continue;
        }
        fn(name, v, arg);
    }
    regfree(&skip);
    fclose(f);
}

struct join {
    const struct hypercall_family *family;
    unsigned found, missing;
};

static void op_has_row(const char *name, unsigned long value, void *arg)
{
    struct join *j = arg;
    const struct hypercall_row *row = family_row(j->family, (uint32_t)value);

    j->found++;
    if (row == NULL || strcmp(row->name, name) != 0) {
        print_error("%s: %s (%lu) is in the headers, the row there is %s\n", j->family->name, name,
                    value, row != NULL ? row->name : "missing");
        j->missing++;
    }
}

static void headers_every_operation_has_a_row(void **state)
{
    unsigned missing = 0;

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(sources); i++) {
        struct join j = { .family = family_by_name(sources[i].family) };

        assert_non_null(j.family);
        each_constant(sources[i].header, sources[i].prefix, sources[i].not_ops, op_has_row, &j);
        if (j.found == 0) {
            fail_msg("no constant %s* in %s", sources[i].prefix, sources[i].header);
        }
        missing += j.missing;
    }
    assert_int_equal(missing, 0);
}

static void hypercall_has_family(const char *name, unsigned long value, void *arg)
{
    unsigned *missing = arg;
    const struct hypercall_family *f = value < HYPERCALL_COUNT ? hypercall_table[value] : NULL;

    if (strncmp(name, "__HYPERVISOR_arch_", 18) == 0) {
        if (f == NULL) {
            (*missing)++;
        }
        return;
    }
    if (f == NULL || strcmp(f->name, name + strlen("__HYPERVISOR_")) != 0) {
        print_error("hypercall %s (%lu): the table has %s\n", name, value, f != NULL ? f->name : "nothing");
        (*missing)++;
    }
}

static void headers_every_hypercall_has_a_family(void **state)
{
    unsigned missing = 0;

    (void)state;
    each_constant("xen.h", "__HYPERVISOR_", NULL, hypercall_has_family, &missing);
    assert_int_equal(missing, 0);
}

/* -- the rows --------------------------------------------------------------------------------------- */

typedef void row_fn(const struct hypercall_family *f, const struct hypercall_row *row);

static void each_row(row_fn *fn)
{
    for (unsigned i = 0; i < HYPERCALL_COUNT; i++) {
        const struct hypercall_family *f = hypercall_table[i];

        for (uint32_t n = 0; f != NULL && n < f->count; n++) {
            if (f->rows[n].name != NULL) {
                fn(f, &f->rows[n]);
            }
        }
        for (uint32_t n = 0; f != NULL && n < f->high_count; n++) {
            fn(f, &f->high_rows[n]);
        }
    }
}

static unsigned row_count;

static void row_is_sound(const struct hypercall_family *f, const struct hypercall_row *row)
{
    row_count++;
    if (row->ask[0].tclass == 0) {
        fail_msg("%s %s: asks nothing", f->name, row->name);
    }
    if (row->why != NULL && strlen(row->why) < 5) {
        fail_msg("%s %s: that is no reason", f->name, row->name);
    }
    if (row->act == NULL || (row->absent != 0 && row->act != act_absent) || (row->absent != 0 && row->why == NULL)) {
        fail_msg("%s %s: acts and is absent, or neither, or is absent without a reason", f->name, row->name);
    }
    if (row->in > CALL_BUF || row->out > CALL_BUF) {
        fail_msg("%s %s: larger than the private copy", f->name, row->name);
    }
    if (row->flags & ROW_BATCH) {
        assert_non_null(row->status);
        assert_true(row->in != 0 && row->in == row->out);
    }
    if (f->kind == FAMILY_STRUCT) {
        assert_true(row->in == 0 && row->out <= f->size && f->size <= CALL_BUF);
    }
}

static void rows_are_sound(void **state)
{
    (void)state;
    each_row(row_is_sound);
    assert_true(row_count > 300);
}

static uint32_t asked[ARRAY_SIZE(classes)];

static void questions_are_known(const struct hypercall_family *f, const struct hypercall_row *row)
{
    bool choosing = row->ask[0].chosen;

    for (const struct call_question *q = row->ask; q->tclass != 0; q++) {
        uint64_t known;

        if (q->tclass >= ARRAY_SIZE(classes) || q->source >= PARTY_COUNT || q->object >= PARTY_COUNT) {
            fail_msg("%s %s: class or party out of range", f->name, row->name);
        }
        known = (1ull << classes[q->tclass].bits) - 1;
        if (q->perm == 0 || (q->perm & ~known) != 0) {
            fail_msg("%s %s: permission bits %#x in class %s", f->name, row->name, q->perm,
                     classes[q->tclass].name);
        }
        /* Else it would never be a hit, or the flags would be taken for a policy's number. */
        if (q->class_offset != XSM_AVC_CLASS_OFFSET(q->tclass) || q->flags > 0xff) {
            fail_msg("%s %s: place in the cache, or flags", f->name, row->name);
        }
        asked[q->tclass] |= q->perm;
        if (q->chosen && !choosing) {
            fail_msg("%s %s: the first question would take what decode chose for a later one", f->name, row->name);
        }
        if (q->chosen && q != row->ask && q->flags == 0) {
            fail_msg("%s %s: only the first question may be chosen without being optional", f->name, row->name);
        }
        if (q->source == PARTY_SELF) {
            fail_msg("%s %s: the engine finds the label towards itself of objects only", f->name, row->name);
        }
    }
}

/* What a policy without the finer class is asked. */
static void fallbacks_are_asked(void)
{
    for (unsigned i = 0; i < ARRAY_SIZE(perms); i++) {
        if (perms[i].else_class != 0 && perms[i].else_class != FALLBACK_ALLOWED &&
            (asked[perms[i].tclass] & (1u << perms[i].bit))) {
            asked[perms[i].else_class] |= perms[i].else_perm;
        }
    }
}

/* What no row asks, and why. A permission that a row begins to ask must leave this list. */
static const struct {
    uint16_t tclass;
    uint32_t perms;
    const char *why;
} unasked[] = {
    { SECCLASS_XEN, XEN__PRIVPROFILE, "xenoprof_op does not exist here" },
    { SECCLASS_XEN2, XEN2__PMU_CTRL, "xenpmu_op does not exist here" },
    { SECCLASS_DOMAIN, DOMAIN__TRANSITION, "FLASK_RELABEL_DOMAIN asks by itself" },
    { SECCLASS_DOMAIN2,
      DOMAIN2__RELABELFROM | DOMAIN2__RELABELTO | DOMAIN2__RELABELSELF | DOMAIN2__CREATE_HARDWARE_DOMAIN,
      "FLASK_RELABEL_DOMAIN asks by itself; no hardware domain" },
    { SECCLASS_DOMAIN2, DOMAIN2__VMTRACE_OP, "Xen declares it and asks setdebugging" },
    { SECCLASS_HVM, HVM__SHARE_MEM | HVM__NESTED | HVM__ALTP2MHVM, "features that are absent" },
    { SECCLASS_MMU, MMU__UPDATEMP | MMU__PINPAGE | MMU__REMOTE_REMAP | MMU__MMUEXT_OP | MMU__TARGET_HACK,
      "paravirtualised guests come later" },
    { SECCLASS_RESOURCE,
      RESOURCE__ADD_IOPORT | RESOURCE__REMOVE_IOPORT | RESOURCE__ADD_IOMEM | RESOURCE__REMOVE_IOMEM,
      "domctl_device.c asks about each part of a range" },
    { SECCLASS_ARGO, ~(uint32_t)ARGO__ENABLE, "argo_op does not exist here" },
    { SECCLASS_PHYSMAP_OP, PHYSMAP_OP__DEV_MMIO, "of another architecture" },
    { SECCLASS_BULKHEAD, BULKHEAD__TPM_USE, "asked by nobody: the label of the page decides, at launch" },
    { SECCLASS_XENSTORE, ~0u, "asked by the xenstore domain" },
    { SECCLASS_OPERATOR, ~0u, "asked by the control domain" },
};

static void permissions_every_one_is_asked_or_listed(void **state)
{
    unsigned wrong = 0;

    (void)state;
    each_row(questions_are_known);
    fallbacks_are_asked();
    for (unsigned i = 0; i < ARRAY_SIZE(perms); i++) {
        const struct perm *p = &perms[i];
        bool is_asked = asked[p->tclass] & (1u << p->bit), listed = false;

        for (unsigned n = 0; n < ARRAY_SIZE(unasked); n++) {
            listed = listed || (unasked[n].tclass == p->tclass && (unasked[n].perms & (1u << p->bit)));
        }
        if (is_asked == listed) {
            print_error("%s %s: %s\n", classes[p->tclass].name, p->name,
                        listed ? "is asked and listed as not asked" : "no row asks it");
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_every_hypercall_has_a_family),
        cmocka_unit_test(headers_every_operation_has_a_row),
        cmocka_unit_test(rows_are_sound),
        cmocka_unit_test(permissions_every_one_is_asked_or_listed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
