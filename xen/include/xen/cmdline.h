/* SPDX-License-Identifier: Apache-2.0 */
/* The hypervisor's command line: one table of words; an unknown word is named in a warning, a malformed value stops the boot. */
#ifndef XEN_CMDLINE_H
#define XEN_CMDLINE_H

#include <xen/types.h>

enum tpm_option { TPM_REQUIRED, TPM_NONE };
enum iommu_option { IOMMU_IF_FOUND, IOMMU_REQUIRED, IOMMU_NONE };
enum flask_option { FLASK_ENFORCING, FLASK_PERMISSIVE };

struct options {
    char console[32];       /* console= */
    char com1[64], com2[64];/* com1=, com2= */
    char console_focus[16]; /* console-focus= domain that gets typed input */
    bool console_raw;       /* console-raw: the focused domain's bytes pass unchanged */
    uint64_t dom0_mem;      /* dom0_mem=, bytes; 0 = default */
    uint64_t dom0_mem_min, dom0_mem_max; /* its min: and max:, bytes; 0 = none */
    unsigned dom0_max_vcpus;/* dom0_max_vcpus= */
    enum flask_option flask;
    bool flask_trace;       /* flask-trace: what is granted is on the console, too */
    enum tpm_option tpm;
    enum iommu_option iommu; /* iommu=on: the boot stops without one */
    unsigned loglvl;        /* enum log_level */
    bool noreboot;
    unsigned maxcpus;       /* 0 = all */
};
extern struct options options;

/** Parse; warnings by pr_warn. @return 0; -EINVAL with *bad pointing at the offending word (static copy). */
int cmdline_parse(const char *line, const char **bad) must_check;

#endif
