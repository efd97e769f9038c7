/* SPDX-License-Identifier: Apache-2.0 */
/* Reader of run.json. */
#include "config.h"

#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    const char *path;
    int failed;
};

static void complain(struct reader *r, const char *key, const char *want)
{
    if (!r->failed) {
        fprintf(stderr, "bh run: %s: %s: expected %s; build the image again\n", r->path, key, want);
    }
    r->failed = 1;
}

static char *text_get(struct reader *r, json_object *object, const char *key)
{
    json_object *value;

    if (!json_object_object_get_ex(object, key, &value)
        || !json_object_is_type(value, json_type_string)) {
        complain(r, key, "a text");
        return NULL;
    }
    return strdup(json_object_get_string(value));
}

static unsigned int number_get(struct reader *r, json_object *object, const char *key, int max)
{
    json_object *value;

    if (!json_object_object_get_ex(object, key, &value)
        || !json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 1
        || json_object_get_int64(value) > max) {
        complain(r, key, "a whole number above 0, not too big");
        return 0;
    }
    return (unsigned int)json_object_get_int64(value);
}

static json_object *list_get(struct reader *r, json_object *object, const char *key, size_t max)
{
    json_object *value;

    if (!json_object_object_get_ex(object, key, &value)
        || !json_object_is_type(value, json_type_array)
        || json_object_array_length(value) > max) {
        complain(r, key, "a list, not too long");
        return NULL;
    }
    return value;
}

static void lists_read(struct reader *r, json_object *root, struct config *config)
{
    json_object *modules = list_get(r, root, "modules", CONFIG_MODULES_MAX);
    json_object *domains = list_get(r, root, "domains", CONFIG_DOMAINS_MAX);

    for (size_t i = 0; modules != NULL && i < json_object_array_length(modules); i++) {
        json_object *entry = json_object_array_get_idx(modules, i);

        config->module[i].file = text_get(r, entry, "file");
        config->module[i].args = text_get(r, entry, "args");
        config->module_count = i + 1;
    }
    for (size_t i = 0; domains != NULL && i < json_object_array_length(domains); i++) {
        json_object *entry = json_object_array_get_idx(domains, i);

        config->domain[i].id = number_get(r, entry, "id", 32751);
        config->domain[i].name = text_get(r, entry, "name");
        config->domain_count = i + 1;
    }
}

int config_read(const char *dir, struct config *config)
{
    char path[PATH_MAX];
    struct reader r = { path, 0 };

    memset(config, 0, sizeof(*config));
    snprintf(path, sizeof(path), "%s/run.json", dir);
    json_object *root = json_object_from_file(path);

    if (root == NULL) {
        fprintf(stderr, "bh run: %s: %s\n", path, json_util_get_last_err());
        return -1;
    }
    config->name = text_get(&r, root, "name");
    config->memory_mib = number_get(&r, root, "memory_mib", 1 << 20);
    config->cpus = number_get(&r, root, "cpus", 64);
    config->tpm = text_get(&r, root, "tpm");
    char *boot = text_get(&r, root, "boot");

    config->efi = boot != NULL && strcmp(boot, "efi") == 0;
    free(boot);
    config->hypervisor = text_get(&r, root, "hypervisor");
    config->cmdline = text_get(&r, root, "cmdline");
    lists_read(&r, root, config);
    json_object_put(root);
    return r.failed ? -1 : 0;
}

void config_free(struct config *config)
{
    for (size_t i = 0; i < config->module_count; i++) {
        free(config->module[i].file);
        free(config->module[i].args);
    }
    for (size_t i = 0; i < config->domain_count; i++) {
        free(config->domain[i].name);
    }
    free(config->name);
    free(config->tpm);
    free(config->hypervisor);
    free(config->cmdline);
    memset(config, 0, sizeof(*config));
}

const char *config_domain_name(const struct config *config, unsigned int id)
{
    for (size_t i = 0; i < config->domain_count; i++) {
        if (config->domain[i].id == id) {
            return config->domain[i].name;
        }
    }
    return NULL;
}

unsigned int config_domain_id(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->domain_count; i++) {
        if (strcmp(config->domain[i].name, name) == 0) {
            return config->domain[i].id;
        }
    }
    return 0;
}
