/* SPDX-License-Identifier: Apache-2.0 */
#include "measured.h"

#include <ctype.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <attest/reference.h>
#include <xen/measure_text.h>

#include "../../../xen/launch/offline.h"
#include "efi_image.h"
#include "gpt.h"
#include "loader.h"

#define VERSION_DEBUG " debug"

bool measured_domains(struct image *image, struct diag *diag)
{
    bool good = true;

    for (size_t i = 0; i < image->host->domain_count; i++) {
        const struct host_domain *d = &image->host->domains[i];
        struct image_domain *built = &image->domains[i];
        const struct buf *kernel = &image->modules[built->kernel].data;
        struct launch_input in = {
            .name = d->name,
            .memory_kib = d->memory_kib,
            .vcpu_count = d->cpus,
            .tpm = d->tpm,
            .pci = d->pci_bus,
            .cmdline = d->cmdline,
            .kernel = (const uint8_t *)kernel->data,
            .kernel_size = kernel->len,
        };
        struct launch_error why = { .text = "" };

        if (built->ramdisk != IMAGE_NO_MODULE) {
            in.ramdisk = (const uint8_t *)image->modules[built->ramdisk].data.data;
            in.ramdisk_size = image->modules[built->ramdisk].data.len;
        }
        if (launch_digest_offline(&in, built->digest, &why) != 0) {
            diag_error(diag, image->host->file, d->line, d->name, "cannot be built: %s", why.text);
            good = false;
        }
    }
    return good;
}

/* The rest of a version text: hex, and " debug" in a debug build. */
static bool is_build_id(const char *id)
{
    size_t n = strspn(id, "0123456789abcdef");

    return n >= 8 && (id[n] == '\0' || strcmp(id + n, VERSION_DEBUG) == 0);
}

/* Parts of the text are in the file too, as words to compose other texts from. */
const char *measured_version(const struct image *image)
{
    static const char prefix[] = "bulkhead version=", middle[] = " build-id=";
    const char *end = image->hypervisor.data + image->hypervisor.len;
    const char *at = image->hypervisor.data;

    while ((at = memmem(at, (size_t)(end - at), prefix, sizeof(prefix) - 1)) != NULL) {
        size_t left = (size_t)(end - at) < 256 ? (size_t)(end - at) : 256;
        const char *id = memmem(at, left, middle, sizeof(middle) - 1);

        if (memchr(at, '\0', left) != NULL && id != NULL && strlen(at) > (size_t)(id - at)
            && is_build_id(id + sizeof(middle) - 1)) {
            return at;
        }
        at++;
    }
    return NULL;
}

/*
 * The name a person knows a module by: "policy", "manifest", "seed", or the domain's. Reference
 * values take letters, digits and ._/- in names; a Debian release may have + and ~.
 */
static char *component_of(const char *module)
{
    static const char *const endings[] = { ".cpio.gz", ".ramdisk", ".bin", ".dtb", ".xs" };
    size_t len = strlen(module);

    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        size_t cut = strlen(endings[i]);

        if (len > cut && strcmp(module + len - cut, endings[i]) == 0) {
            len -= cut;
            break;
        }
    }
    char *name = bh_strndup(module, len);

    for (char *c = name; *c != '\0'; c++) {
        if (!isalnum((unsigned char)*c) && strchr("._/-", *c) == NULL) {
            *c = '-';
        }
    }
    return name;
}

struct list {
    struct reference *ref;
    struct diag *diag;
    bool good;
};

static void check(struct list *l, int result, const char *name, const struct attest_error *why)
{
    if (result != 0 && l->good) {
        diag_error(l->diag, NULL, 0, name, "its reference value cannot be made: %s", why->text);
        l->good = false;
    }
}

static void add(struct list *l, const char *name, enum reference_kind kind, unsigned int pcr,
                const char *detail)
{
    struct attest_error why = { .text = "" };

    check(l, reference_add(l->ref, name, kind, pcr, NULL, detail, &why), name, &why);
}

static void add_loader(struct list *l, const struct image *image, const char *folder)
{
    struct loader_event *events;
    size_t count = loader_events(image, &events);
    char *pe = bh_printf("%s/%s", folder, LOADER_PATH);
    struct attest_error why = { .text = "" };

    check(l, reference_add_pe(l->ref, "loader", REFERENCE_GRUB_PE, pe, LOADER_PATH, &why), "loader", &why);
    for (size_t i = 0; i < count; i++) {
        if (events[i].kind == LOADER_COMMAND) {
            add(l, events[i].component, REFERENCE_GRUB_CMD, 8, events[i].text);
        } else {
            char *name = component_of(events[i].component);
            char *path = bh_printf("%s%s", folder, events[i].text);

            check(l, reference_add_file(l->ref, name, path, events[i].text, &why), name, &why);
            free(name);
            free(path);
        }
    }
    loader_events_free(events, count);
    free(pe);
}

/* What a BIOS measures of the disk: the first sector, its code and its table apart. */
static void add_bios(struct list *l, const char *folder)
{
    char *path = bh_printf("%s/disk.img", folder);
    uint8_t sector[GPT_SECTOR], digest[SHA256_DIGEST_LENGTH];
    struct attest_error why = { .text = "" };
    FILE *disk = fopen(path, "re");

    if (disk == NULL || fread(sector, sizeof(sector), 1, disk) != 1) {
        diag_error(l->diag, path, 0, NULL, "cannot be read");
        l->good = false;
    } else {
        SHA256(sector, GPT_BOOT_CODE, digest);
        check(l, reference_add(l->ref, "bios-boot-sector", REFERENCE_BOOT_SECTOR, 4, digest,
                               "disk.img bytes 0 to 439", &why), "bios-boot-sector", &why);
        SHA256(sector + GPT_BOOT_CODE, GPT_SECTOR - GPT_BOOT_CODE, digest);
        check(l, reference_add(l->ref, "bios-partition-table", REFERENCE_PARTITION_TABLE, 5,
                               digest, "disk.img bytes 440 to 511", &why),
              "bios-partition-table", &why);
    }
    if (disk != NULL) {
        fclose(disk);
    }
    free(path);
}

static void add_event(struct list *l, const char *name, enum reference_kind kind,
                      unsigned int pcr, const char *text, int result)
{
    if (result < 0 && l->good) {
        diag_error(l->diag, NULL, 0, name, "cannot be measured: a character or length that its "
                   "event does not take");
        l->good = false;
    } else if (result >= 0) {
        add(l, name, kind, pcr, text);
    }
}

static void add_hypervisor(struct list *l, const struct image *image)
{
    char text[MEASURE_TEXT_MAX];
    uint8_t digest[SHA256_DIGEST_LENGTH];
    const struct buf *policy = &image->modules[IMAGE_POLICY].data;
    const struct buf *manifest = &image->modules[IMAGE_MANIFEST].data;
    const char *version = measured_version(image);
    int rc;

    if (version == NULL) {
        diag_error(l->diag, NULL, 0, "hypervisor", "its file does not say its version; it is not "
                   "a Bulkhead hypervisor");
        l->good = false;
        return;
    }
    if (strstr(version, VERSION_DEBUG) != NULL) {
        fprintf(stderr, "bh build: hypervisor: warning: a debug build; no verifier accepts this host (debug)\n");
    }
    add(l, "hypervisor", REFERENCE_HYPERVISOR_EVENT, MEASURE_PCR_HYPERVISOR, version);
    rc = measure_text_cmdline(text, sizeof(text), image->cmdline, strlen(image->cmdline));
    add_event(l, "cmdline", REFERENCE_HYPERVISOR_EVENT, MEASURE_PCR_HYPERVISOR, text, rc);
    add(l, "protection", REFERENCE_PROTECTION, MEASURE_PCR_HYPERVISOR, "svm=1 npt=1 nx=1");
    SHA256((const uint8_t *)policy->data, policy->len, digest);
    /* Always enforcing: a permissive host may be built and run, but not pass for a sound one. */
    rc = measure_text_policy(text, sizeof(text), digest, policy->len, true);
    add_event(l, "policy", REFERENCE_HYPERVISOR_EVENT, MEASURE_PCR_HYPERVISOR, text, rc);
    SHA256((const uint8_t *)manifest->data, manifest->len, digest);
    rc = measure_text_manifest(text, sizeof(text), digest, manifest->len);
    add_event(l, "manifest", REFERENCE_HYPERVISOR_EVENT, MEASURE_PCR_HYPERVISOR, text, rc);
    for (size_t i = 0; i < image->host->domain_count; i++) {
        if (image->host->domains[i].xenstore) {
            const struct buf *seed = &image->modules[image->domains[i].ramdisk].data;

            SHA256((const uint8_t *)seed->data, seed->len, digest);
            rc = measure_text_seed(text, sizeof(text), digest, seed->len);
            add_event(l, "seed", REFERENCE_HYPERVISOR_EVENT, MEASURE_PCR_HYPERVISOR, text, rc);
        }
    }
}

/* In start order, ties by domid; the domains are sorted by domid already. */
static void add_domains(struct list *l, const struct image *image)
{
    const struct host *host = image->host;
    size_t order[HOST_DOMAINS_MAX];
    char text[MEASURE_TEXT_MAX];

    for (size_t i = 0; i < host->domain_count; i++) {
        size_t at = i;

        while (at > 0
               && host->domains[order[at - 1]].start_order > host->domains[i].start_order) {
            order[at] = order[at - 1];
            at--;
        }
        order[at] = i;
    }
    for (size_t i = 0; i < host->domain_count; i++) {
        const struct host_domain *d = &host->domains[order[i]];
        const struct image_domain *built = &image->domains[order[i]];
        int rc = measure_text_domain(text, sizeof(text), d->id, d->name, built->label,
                                     built->digest, 1);

        add_event(l, d->name, REFERENCE_DOMAIN, MEASURE_PCR_DOMAIN, text, rc);
    }
}

bool measured_write(const struct image *image, const char *folder, const char *path,
                    struct diag *diag)
{
    struct list l = { .ref = reference_new(), .diag = diag, .good = true };
    struct attest_error why = { .text = "" };

    if (l.ref == NULL) {
        diag_error(diag, NULL, 0, "reference.json", "out of memory");
        return false;
    }
    if (image->host->boot == BOOT_EFI) {
        char *program = bh_printf("%s/%s", folder, EFI_IMAGE_PATH);

        check(&l, reference_add_pe(l.ref, EFI_IMAGE_PATH, REFERENCE_EFI_IMAGE, program, LOADER_PATH,
                                   &why), EFI_IMAGE_PATH, &why);
        free(program);
    } else {
        add_loader(&l, image, folder);
        add_bios(&l, folder);
    }
    add_hypervisor(&l, image);
    add_domains(&l, image);
    if (l.good) {
        check(&l, reference_write(l.ref, path, &why), "reference.json", &why);
    }
    reference_free(l.ref);
    return l.good;
}
