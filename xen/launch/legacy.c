/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Legacy mode: no manifest. The first module is the kernel of one initial domain, further ones are its
 * ramdisk and a policy, told apart by the policy's magic.
 */
#include <asm/cpu.h> /* before <xen/vcpu.h>, which makes a macro of one of its names */

#include "build.h"

#include <xen/boot.h>
#include <xen/cmdline.h>
#include <xen/lib.h>

#define POLICY_MAGIC "\x8c\xff\x7c\xf9" /* of a binary FLASK policy, little endian */
#define LEGACY_CPUS_MAX 4u
#define MEMORY_RESERVE (64ull << 20)
#define MEMORY_CAP (3ull << 30)
#define MEMORY_MIN (4ull << 20)

static bool is_policy(const struct boot_module *module)
{
    return module->size >= 4 && memcmp(module->data, POLICY_MAGIC, 4) == 0;
}

unsigned launch_legacy_policy(const struct boot_info *bi)
{
    unsigned i, found = 0;

    for (i = 1; i < bi->module_count; i++) {
        if (is_policy(&bi->modules[i])) {
            if (found != 0) {
                panic("launch: modules %u and %u are both policies: expected one", found, i);
            }
            found = i;
        }
    }
    return found;
}

/* The loader gives "file arguments"; a leading blank means there is no file name. */
static const char *skip_file_name(const char *cmdline)
{
    while (*cmdline != '\0' && *cmdline != ' ') {
        cmdline++;
    }
    while (*cmdline == ' ') {
        cmdline++;
    }
    return cmdline;
}

/* The size asked for, or what is left of the host's memory; then between min: and max:. */
static uint64_t choose_memory(void)
{
    uint64_t available = mem_free_pages() << PAGE_SHIFT;
    uint64_t size = options.dom0_mem;

    available -= min(available, MEMORY_RESERVE);
    if (size == 0) {
        size = min(available, MEMORY_CAP);
    }
    size = max(size, options.dom0_mem_min);
    if (options.dom0_mem_max != 0) {
        size = min(size, options.dom0_mem_max);
    }
    size &= PAGE_MASK;
    if (size < MEMORY_MIN || size > mem_free_pages() << PAGE_SHIFT) {
        panic("launch: dom0_mem: %llu KiB for the initial domain: expected at least %llu KiB, and %llu "
              "KiB are free", (unsigned long long)(size >> 10), MEMORY_MIN >> 10,
              (unsigned long long)(mem_free_pages() << (PAGE_SHIFT - 10)));
    }
    return size;
}

static unsigned choose_vcpus(void)
{
    if (options.dom0_max_vcpus > MAX_VCPUS) {
        panic("launch: dom0_max_vcpus=%u: expected 1 to %u", options.dom0_max_vcpus, MAX_VCPUS);
    }
    return options.dom0_max_vcpus != 0 ? options.dom0_max_vcpus : min(cpu_count, LEGACY_CPUS_MAX);
}

void launch_legacy(const struct boot_info *bi, struct launch_domain *ld)
{
    unsigned i, ramdisk = 0;

    for (i = 1; i < bi->module_count; i++) {
        if (!is_policy(&bi->modules[i])) {
            if (ramdisk != 0) {
                panic("launch: module %u: expected a kernel, a ramdisk and a policy at most", i);
            }
            ramdisk = i;
        }
    }
    memset(ld, 0, sizeof(*ld));
    ld->in = (struct launch_input){
        .name = "dom0",
        .memory_kib = choose_memory() >> 10,
        .vcpu_count = choose_vcpus(),
        .cmdline = skip_file_name(bi->modules[0].cmdline),
        .kernel = bi->modules[0].data,
        .kernel_size = bi->modules[0].size,
        .ramdisk = ramdisk != 0 ? bi->modules[ramdisk].data : NULL,
        .ramdisk_size = ramdisk != 0 ? bi->modules[ramdisk].size : 0,
    };
    ld->config = (struct domain_config){
        .domid = 0,
        .name = ld->in.name,
        .sid = xsm_initial_sid(XSM_SID_DOM0),
        .vcpu_count = ld->in.vcpu_count,
        .weight = 256,
        .functions = DOMAIN_FUNCTION_LEGACY,
    };
}
