/* SPDX-License-Identifier: Apache-2.0 */
#include "run_json.h"

#include <json-c/json.h>
#include <stdio.h>

static void put_text(json_object *object, const char *key, const char *text)
{
    json_object_object_add(object, key, json_object_new_string(text));
}

static void put_number(json_object *object, const char *key, uint64_t value)
{
    json_object_object_add(object, key, json_object_new_int64((int64_t)value));
}

void run_json(const struct image *image, struct buf *out)
{
    static const char *const tpm[] = { [TPM_TIS] = "tis", [TPM_CRB] = "crb",
                                       [TPM_NONE] = "none" };
    const struct host *host = image->host;
    json_object *root = json_object_new_object();
    json_object *modules = json_object_new_array();
    json_object *domains = json_object_new_array();

    put_text(root, "name", host->name);
    put_number(root, "memory_mib", host->memory_kib / 1024);
    put_number(root, "cpus", host->cpus);
    put_text(root, "tpm", tpm[host->tpm]);
    put_text(root, "boot", host->boot == BOOT_EFI ? "efi" : "grub");
    put_text(root, "hypervisor", "boot/bulkhead");
    put_text(root, "cmdline", image->cmdline);
    for (unsigned int i = 0; i < image->module_count; i++) {
        json_object *module = json_object_new_object();
        char file[300];

        snprintf(file, sizeof(file), "boot/%s", image->modules[i].name);
        put_text(module, "file", file);
        put_text(module, "args", "");
        json_object_array_add(modules, module);
    }
    json_object_object_add(root, "modules", modules);
    for (size_t i = 0; i < host->domain_count; i++) {
        json_object *domain = json_object_new_object();

        put_number(domain, "id", host->domains[i].id);
        put_text(domain, "name", host->domains[i].name);
        json_object_array_add(domains, domain);
    }
    json_object_object_add(root, "domains", domains);
    buf_printf(out, "%s\n", json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY
                                                           | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(root);
}
