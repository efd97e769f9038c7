/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.json: what `bh run` must know of a host image. `bh build` writes it beside disk.img:
 *
 *   { "name": "first-light", "memory_mib": 1536, "cpus": 2, "tpm": "tis",
 *     "boot": "grub", "hypervisor": "boot/bulkhead", "cmdline": "console=com1 ...",
 *     "modules": [ { "file": "boot/manifest.dtb", "args": "" }, ... ],
 *     "domains": [ { "id": 1, "name": "xenstore" }, ... ] }
 *
 * Files are relative to the image's folder. Modules are in multiboot order.
 */
#ifndef BH_RUN_CONFIG_H
#define BH_RUN_CONFIG_H

#include <stddef.h>

#define CONFIG_MODULES_MAX 64
#define CONFIG_DOMAINS_MAX 64

struct config_module {
    char *file;
    char *args;
};

struct config_domain {
    unsigned int id;
    char *name;
};

struct config {
    char *name;
    unsigned int memory_mib;
    unsigned int cpus;
    char *tpm; /* tis, crb or none */
    int efi;   /* boot = efi: one EFI program; else GRUB */
    char *hypervisor;
    char *cmdline;
    size_t module_count;
    struct config_module module[CONFIG_MODULES_MAX];
    size_t domain_count;
    struct config_domain domain[CONFIG_DOMAINS_MAX];
};

/**
 * Read DIR/run.json.
 *
 * @param dir     folder of the host image
 * @param config  out: owned by the caller, who calls config_free() in either case
 * @return 0; -1 with one line on stderr: file, key, what was expected
 */
int config_read(const char *dir, struct config *config);

void config_free(struct config *config);

/** Name of a domain, or NULL if the image has none with that id. Borrowed. */
const char *config_domain_name(const struct config *config, unsigned int id);

/** Id of a domain, 0 if there is none of that name. */
unsigned int config_domain_id(const struct config *config, const char *name);

#endif
