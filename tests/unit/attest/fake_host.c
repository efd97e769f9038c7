/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_host.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <tss2/tss2_tcti_swtpm.h>

#include <attest/error.h>
#include <attest/reference.h>
#include <xen/eventlog.h>
#include <xen/measure.h>
#include <xen/sha256.h>
#include <xen/tpm.h>

#include "../../../xen/common/measure/internal.h"
#include "../../../xen/drivers/tpm/commands.h"
#include "../../../xen/drivers/tpm/internal.h"

/* -- the hypervisor's TPM contract, over swtpm's socket ----------------------------------- */
static TSS2_TCTI_CONTEXT *tcti;
static struct tpm_digests active;

uint32_t tpm_header_size(const uint8_t *header)
{
    return (uint32_t)header[2] << 24 | (uint32_t)header[3] << 16 | (uint32_t)header[4] << 8 |
           header[5];
}

uint64_t tpm_io_now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

void tpm_io_relax(void)
{
}

bool tpm_is_late(uint64_t until_ns)
{
    return until_ns != 0 && tpm_io_now_ns() >= until_ns;
}

void tpm_hurry(void)
{
}

int tpm_shutdown(void)
{
    return tpm_command_shutdown();
}

int tpm_transmit(const uint8_t *cmd, size_t len, uint8_t *resp, size_t *rlen)
{
    if (Tss2_Tcti_Transmit(tcti, len, cmd) != 0 ||
        Tss2_Tcti_Receive(tcti, rlen, resp, TSS2_TCTI_TIMEOUT_BLOCK) != 0) {
        return -EIO;
    }
    return 0;
}

unsigned int tpm_locality(void)
{
    return 2;
}

void tpm_banks(struct tpm_digests *banks)
{
    *banks = active;
}

int tpm_ask(void)
{
    return 0;
}

void tpm_seize(void)
{
}

void tpm_close(void)
{
}

/* Nobody else wants this TPM while it is measured: there are no turns. */
void turn_init(void)
{
}

static const struct tpm_auth no_auth;

/* Nor does anybody try to end the measuring. */
int tpm_reserve(const unsigned int *pcrs, unsigned int count)
{
    (void)pcrs;
    (void)count;
    return 0;
}

int tpm_pcr_reset(unsigned int pcr)
{
    return tpm_command_pcr_reset(pcr, &no_auth);
}

int tpm_pcr_extend(unsigned int pcr, const struct tpm_digests *digests)
{
    return tpm_command_pcr_extend(pcr, digests, &no_auth);
}

/* Its two sockets come one after the other, and each is there before it is listened to. */
static int tcti_open(struct fake_host *h, uint8_t locality)
{
    size_t size = 0;
    int rc = -1;

    if (Tss2_Tcti_Swtpm_Init(NULL, &size, NULL) != 0) {
        return -1;
    }
    tcti = calloc(1, size);
    for (unsigned int tries = 0; tcti != NULL && rc != 0 && tries < 1000; tries++) {
        rc = Tss2_Tcti_Swtpm_Init(tcti, &size, strchr(h->tcti, ':') + 1) == 0 ? 0 : -1;
        if (rc != 0) {
            usleep(10000);
        }
    }
    if (rc != 0) {
        fprintf(stderr, "fake host: swtpm does not answer at %s\n", h->tcti);
        free(tcti);
        tcti = NULL;
        return -1;
    }
    return Tss2_Tcti_SetLocality(tcti, locality) == 0 ? 0 : -1;
}

static void tcti_close(void)
{
    Tss2_Tcti_Finalize(tcti);
    free(tcti);
    tcti = NULL;
}

/* -- what a boot measures
 * ---------------------------------------------------------------------------- */
struct image {
    char policy[64], manifest[64], seed[64], ramdisk[64], hypervisor[64], loader[64], cmdline[64];
};

static struct image image_of(unsigned int variant)
{
    struct image i = {"policy: binary",         "manifest: fdt",   "seed: nodes",
                      "ramdisk: cpio",          "hypervisor: elf", "loader: pe",
                      "console=com1 loglvl=all"};

    if (variant & HOST_OTHER_POLICY) {
        i.policy[9] ^= 1;
    }
    if (variant & HOST_OTHER_RAMDISK) {
        i.ramdisk[9] ^= 1;
    }
    if (variant & HOST_OTHER_HYPERVISOR) {
        i.hypervisor[12] ^= 1;
    }
    if (variant & HOST_OTHER_LOADER) {
        i.loader[8] ^= 1;
    }
    if (variant & HOST_EXTRA_WORD) {
        strcat(i.cmdline, " flask=late");
    }
    if (variant & HOST_NO_IOMMU) {
        strcat(i.cmdline, " iommu=none");
    }
    return i;
}

static void sha(const char *text, uint8_t out[32])
{
    sha256(text, strlen(text), out);
}

static int firmware_event(struct eventlog *log, unsigned int pcr, uint32_t type,
                          const void *measured, size_t measured_size, const void *data, size_t size)
{
    struct tpm_digests d = active;
    int rc;

    eventlog_hash(&d, measured, measured_size);
    rc = tpm_pcr_extend(pcr, &d);
    return rc != 0 ? rc : eventlog_append(log, pcr, type, &d, data, size);
}

static int loader_command(struct eventlog *log, const char *text)
{
    char data[256];
    int n = snprintf(data, sizeof(data), "grub_cmd: %s", text);

    return firmware_event(log, 8, 0x0d, text, strlen(text), data, (size_t)n + 1);
}

static int loader_file(struct eventlog *log, const char *content, const char *path)
{
    return firmware_event(log, 9, 0x0d, content, strlen(content), path, strlen(path) + 1);
}

static void loader_line(char line[128], const struct image *i)
{
    snprintf(line, 128, "multiboot2 /boot/bulkhead %s", i->cmdline);
}

/* As SeaBIOS: notes and separators, then the disk's first sector in two parts. */
static int boot_bios(struct eventlog *log, const struct image *i, unsigned int variant)
{
    static const char begin[] = "Calling INT 19h", disk[] = "Booting BCV Device 80h (HDD)";
    int rc = firmware_event(log, 4, 5, begin, strlen(begin), begin, strlen(begin));

    for (unsigned int pcr = 0; rc == 0 && pcr < 8; pcr++) {
        rc = firmware_event(log, pcr, 4, "\xff\xff\xff\xff", 4, "\xff\xff\xff\xff", 4);
    }
    rc = rc != 0 ? rc : firmware_event(log, 4, 5, disk, strlen(disk), disk, strlen(disk));
    rc = rc != 0 ? rc : firmware_event(log, 4, 13, i->loader, strlen(i->loader), "MBR", 3);
    if (variant & HOST_BIOS_MORE) {
        rc = rc != 0 ? rc : firmware_event(log, 4, 5, "code", 4, disk, strlen(disk));
    }
    return rc != 0 ? rc : firmware_event(log, 5, 14, i->manifest, strlen(i->manifest),
                                         "MBR PARTITION_TABLE", 19);
}

static int boot_loader(struct eventlog *log, const struct image *i, unsigned int variant)
{
    char line[128];
    int rc = firmware_event(log, 4, variant & HOST_RELABELLED ? 0x80000007 : 0x80000003, i->loader,
                            strlen(i->loader), "device path", 11);

    if (variant & HOST_EFI) {
        return rc;
    }
    loader_line(line, i);
    rc = rc != 0 ? rc : loader_command(log, "set root=(hd0,gpt1)");
    rc = rc != 0 ? rc : loader_command(log, line);
    rc = rc != 0 ? rc : loader_file(log, i->hypervisor, "(hd0,gpt1)/boot/bulkhead");
    rc = rc != 0 ? rc : loader_file(log, i->manifest, "(hd0,gpt1)/boot/manifest.dtb");
    rc = rc != 0 ? rc : loader_file(log, i->policy, "(hd0,gpt1)/boot/policy.bin");
    return rc != 0 ? rc : loader_file(log, i->ramdisk, "(hd0,gpt1)/boot/guest.cpio.gz");
}

static int boot_firmware(struct eventlog *log, const struct image *i, unsigned int variant)
{
    static const char action[] = "Calling EFI Application from Boot Option";
    static const char locality[] = "StartupLocality\0"; /* and the byte 0: PCR 0 starts at 0 */
    struct tpm_digests none = active;
    int rc = eventlog_append(log, 0, EV_NO_ACTION, &none, locality, sizeof(locality));

    if (rc == 0 && (variant & HOST_OTHER_FIRMWARE)) {
        rc = firmware_event(log, 2, 5, "driver", 6, "driver", 6);
    }
    for (unsigned int pcr = 0; rc == 0 && pcr < 8; pcr++) {
        if (pcr == 4) {
            rc = firmware_event(log, 4, 0x80000007, action, strlen(action), action, strlen(action));
        }
        if (rc == 0) {
            rc = firmware_event(log, pcr, 4, "\0\0\0\0", 4, "\0\0\0\0", 4);
        }
    }
    return rc != 0 || (variant & HOST_UNMEASURED) ? rc : boot_loader(log, i, variant);
}

static int boot_hypervisor(const struct image *i, unsigned int variant)
{
    struct measure_protection p = {
        .svm = true, .npt = true, .smep = true, .nx = !(variant & HOST_NO_NX), .iommu = "none"};
    uint8_t xenstore[32], guest[32];
    int rc;

    sha("xenstore", xenstore);
    sha(i->ramdisk, guest);
    rc = measure_firmware_log();
    rc = rc != 0 ? rc : measure_version("0.1.0", "0123456789abcdef", variant & HOST_DEBUG);
    rc = rc != 0 ? rc : measure_cmdline(i->cmdline, strlen(i->cmdline));
    rc = rc != 0 ? rc : measure_protection(&p);
    rc = rc != 0 ? rc : measure_policy(i->policy, strlen(i->policy), !(variant & HOST_PERMISSIVE));
    rc = rc != 0 ? rc : measure_manifest(i->manifest, strlen(i->manifest));
    if (!(variant & HOST_NO_SEED)) {
        rc = rc != 0 ? rc : measure_seed(i->seed, strlen(i->seed));
    }
    rc = rc != 0 ? rc : measure_domain(1, "xenstore", "system_u:system_r:xenstore_t", xenstore, 1);
    rc = rc != 0 ? rc : measure_domain(5, "guest", "system_u:system_r:guest_t", guest, 1);
    if (variant & HOST_EXTRA_DOMAIN) {
        rc = rc != 0 ? rc : measure_domain(6, "evil", "system_u:system_r:guest_t", guest, 1);
    }
    if (variant & HOST_RESTARTED_DOMAIN) {
        rc = rc != 0 ? rc : measure_domain(5, "guest", "system_u:system_r:guest_t", guest, 2);
        rc = rc != 0 ? rc : measure_domain(5, "guest", "system_u:system_r:guest_t", guest, 3);
    }
    if (variant & HOST_SEALED) {
        rc = rc != 0 ? rc : measure_audit_seal(guest, 2, 12345);
        rc = rc != 0 ? rc : measure_audit_seal(xenstore, 2, 12399);
    }
    if (variant & HOST_ODD_SEAL) {
#define HASH "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
        static const char *const odd[] = {
            "audit-seal sha256=00 cpus=2 records=5",
            "audit-seal sha256=" HASH "0 cpus=2 records=5",
            "audit-seal sha256=" HASH " cpus= records=5",
            "audit-seal sha256=" HASH " cpus=2 records=",
            "audit-seal sha256=" HASH " cpus=2 records=5 mode=permissive",
        };

        for (size_t n = 0; n < sizeof(odd) / sizeof(odd[0]); n++) {
            rc = rc != 0 ? rc : measure_event(MEASURE_PCR_HYPERVISOR, odd[n], strlen(odd[n]));
        }
    }
    if (variant & HOST_ONE_LOCALITY) {
        static const char text[] = "protection svm=1 npt=1 nx=1 locality=0";

        rc = rc != 0 ? rc : measure_event(MEASURE_PCR_HYPERVISOR, text, sizeof(text) - 1);
    }
    if (variant & HOST_LOG_FULL) {
        rc = rc != 0 ? rc : measure_event(MEASURE_PCR_HYPERVISOR, "log-full", 8);
    }
    if (variant & HOST_SETENFORCE) {
        rc = rc != 0 ? rc : measure_setenforce(false);
    }
    return rc;
}

static int save_log(const struct fake_host *h)
{
    static uint8_t bytes[MEASURE_LOG_SIZE];
    size_t total, n = measure_log_read(0, bytes, sizeof(bytes), &total);
    FILE *f = fopen(h->log_path, "wb");
    int rc = f == NULL || n != total || fwrite(bytes, 1, n, f) != n ? -1 : 0;

    if (f != NULL && fclose(f) != 0) {
        rc = -1;
    }
    return rc;
}

int fake_host_boot(struct fake_host *h, unsigned int variant)
{
    static uint8_t firmware[65536], buf[MEASURE_LOG_SIZE];
    struct image i = image_of(variant);
    struct measure_setup setup = {
        .tpm = true, .fw_log = firmware, .buf = buf, .buf_size = sizeof(buf)};
    char state[96], server[128], ctrl[128], socket[96];
    struct eventlog log;
    int rc;

    fake_host_halt(h);
    snprintf(state, sizeof(state), "dir=%s/%s", h->dir, h->state);
    snprintf(socket, sizeof(socket), "%s/tpm", h->dir);
    snprintf(server, sizeof(server), "type=unixio,path=%s", socket);
    snprintf(ctrl, sizeof(ctrl), "type=unixio,path=%s.ctrl", socket);
    snprintf(h->tcti, sizeof(h->tcti), "swtpm:path=%s", socket);
    unlink(socket);
    unlink(strchr(ctrl, '/'));
    h->swtpm = fork();
    if (h->swtpm == 0) {
        alarm(200); /* inherited over exec */
        if (freopen("/dev/null", "w", stderr) == NULL) {
            _exit(127);
        }
        execlp("swtpm", "swtpm", "socket", "--tpm2", "--tpmstate", state, "--server", server,
               "--ctrl", ctrl, "--flags", "not-need-init,startup-clear", "--locality",
               "allow-set-locality", (char *)NULL);
        _exit(127);
    }
    rc = tcti_open(h, 0);
    if (rc == 0) {
        active.count = 0;
        rc = tpm_command_banks(&active);
        rc = rc != 0 ? rc : eventlog_start(&log, firmware, sizeof(firmware), &active);
        rc = rc != 0 ? rc
             : variant & HOST_BIOS ? boot_bios(&log, &i, variant)
                                   : boot_firmware(&log, &i, variant);
        if (rc == 0 && (variant & HOST_FORGED)) {
            rc = tpm_pcr_extend(9, &active);
        }
        setup.fw_log_size = log.used;
        if (rc == 0 && Tss2_Tcti_SetLocality(tcti, 2) != 0) {
            rc = -1;
        }
        rc = rc != 0 ? rc : measure_init(&setup);
        rc = rc != 0 ? rc : boot_hypervisor(&i, variant);
        tcti_close();
    }
    return rc != 0 ? rc : save_log(h);
}

/* Bytes of the log that the hypervisor found, by its own word. */
static size_t before_hypervisor(const uint8_t *log, size_t size)
{
    const char *text = memmem(log, size, "firmware-log sha256=", 20);
    const char *digits = text == NULL ? NULL : memmem(text, 120, " size=", 6);

    return digits == NULL ? 0 : strtoul(digits + 6, NULL, 10);
}

int fake_host_extend_late(struct fake_host *h, enum late_log where, int pcr, uint32_t type, const char *text)
{
    static uint8_t buf[2 * MEASURE_LOG_SIZE];
    struct attest_error err = {""};
    struct eventlog_error why = {0, ""};
    struct image i = image_of(HOST_GOOD);
    struct eventlog log;
    size_t size, taken;
    uint8_t *bytes;
    int rc = file_read(h->log_path, MEASURE_LOG_SIZE, &bytes, &size, &err);

    if (rc != 0) {
        return rc;
    }
    taken = where == LATE_AMONG_FIRMWARE ? before_hypervisor(bytes, size) : size;
    rc = taken == 0 ? -1 : eventlog_take(&log, buf, sizeof(buf), bytes, taken, &why);
    rc = rc != 0 ? rc : tcti_open(h, 0);
    if (rc == 0) {
        active.count = 0;
        rc = tpm_command_banks(&active);
        if (rc == 0 && pcr == LATE_LOADER) {
            rc = boot_loader(&log, &i, HOST_GOOD);
        } else if (rc == 0) {
            rc = firmware_event(&log, (unsigned int)pcr, type, text, strlen(text), text, strlen(text));
        }
        tcti_close();
    }
    if (rc == 0 && where != LATE_UNLOGGED) {
        memcpy(buf + log.used, bytes + taken, size - taken);
        rc = file_write(h->log_path, buf, log.used + size - taken, &err);
    }
    free(bytes);
    return rc;
}

void fake_host_halt(struct fake_host *h)
{
    if (h->swtpm > 0) {
        kill(h->swtpm, SIGKILL);
        waitpid(h->swtpm, NULL, 0);
    }
    h->swtpm = 0;
}

int fake_host_reference(struct fake_host *h, char *path, size_t size)
{
    struct reference *ref = reference_new();
    struct image i = image_of(h->described);
    struct attest_error err = {""};
    char line[128], text[512];
    uint8_t digest[32];
    int rc = ref == NULL ? -1 : 0;

#define ADD(...) rc = rc != 0 ? rc : reference_add(ref, __VA_ARGS__, &err)
#define SHA(what) (sha(what, digest), digest)
#define EVENT(name, pcr, call)                                                                     \
    do {                                                                                           \
        rc = rc != 0 ? rc : ((call) < 0 ? -1 : 0);                                                 \
        ADD(name, pcr == 22 ? REFERENCE_DOMAIN : REFERENCE_HYPERVISOR_EVENT, pcr, NULL, text);     \
    } while (0)
    loader_line(line, &i);
    ADD("loader", REFERENCE_GRUB_PE, 4, SHA(i.loader), "EFI/BOOT/BOOTX64.EFI");
    ADD("bios-boot-sector", REFERENCE_BOOT_SECTOR, 4, SHA(i.loader), "disk");
    ADD("bios-partition-table", REFERENCE_PARTITION_TABLE, 5, SHA(i.manifest), "disk");
    ADD("root", REFERENCE_GRUB_CMD, 8, NULL, "set root=(hd0,gpt1)");
    ADD("cmdline", REFERENCE_GRUB_CMD, 8, NULL, line);
    ADD("hypervisor", REFERENCE_FILE, 9, SHA(i.hypervisor), "/boot/bulkhead");
    ADD("manifest", REFERENCE_FILE, 9, SHA(i.manifest), "/boot/manifest.dtb");
    ADD("policy", REFERENCE_FILE, 9, SHA(i.policy), "/boot/policy.bin");
    ADD("guest", REFERENCE_FILE, 9, SHA(i.ramdisk), "/boot/guest.cpio.gz");
    EVENT("hypervisor", 21, measure_text_version(text, sizeof(text), "0.1.0", "0123456789abcdef",
                                                 h->described & HOST_DEBUG));
    EVENT("cmdline", 21, measure_text_cmdline(text, sizeof(text), i.cmdline, strlen(i.cmdline)));
    ADD("protection", REFERENCE_PROTECTION, 21, NULL, "svm=1 npt=1 nx=1");
    EVENT("policy", 21,
          measure_text_policy(text, sizeof(text), SHA(i.policy), strlen(i.policy), true));
    EVENT("manifest", 21,
          measure_text_manifest(text, sizeof(text), SHA(i.manifest), strlen(i.manifest)));
    EVENT("seed", 21, measure_text_seed(text, sizeof(text), SHA(i.seed), strlen(i.seed)));
    EVENT("xenstore", 22,
          measure_text_domain(text, sizeof(text), 1, "xenstore", "system_u:system_r:xenstore_t",
                              SHA("xenstore"), 1));
    EVENT("guest", 22,
          measure_text_domain(text, sizeof(text), 5, "guest", "system_u:system_r:guest_t",
                              SHA(i.ramdisk), 1));
    snprintf(path, size, "%s/reference.json", h->dir);
    rc = rc != 0 ? rc : reference_write(ref, path, &err);
    if (rc != 0) {
        fprintf(stderr, "fake host: reference: %s\n", err.text);
    }
    reference_free(ref);
    return rc;
}

static int write_text(const struct fake_host *h, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static int write_text(const struct fake_host *h, const char *name, const char *fmt, ...)
{
    char path[128];
    va_list ap;
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", h->dir, name);
    f = fopen(path, "w");
    if (f == NULL) {
        return -1;
    }
    va_start(ap, fmt);
    vfprintf(f, fmt, ap);
    va_end(ap);
    return fclose(f);
}

static int authority(const struct fake_host *h, const char *name)
{
    char file[64];
    int rc;

    snprintf(file, sizeof(file), "%s.localca", name);
    rc = write_text(h, file,
                    "statedir = %s/%s\nsigningkey = %s/%s/signkey.pem\n"
                    "issuercert = %s/%s/issuercert.pem\ncertserial = %s/%s/certserial\n",
                    h->dir, name, h->dir, name, h->dir, name, h->dir, name);
    snprintf(file, sizeof(file), "%s.options", name);
    rc |= write_text(h, file,
                     "--platform-manufacturer Test\n--platform-version 1\n--platform-model test\n");
    snprintf(file, sizeof(file), "%s.setup", name);
    return rc | write_text(h, file,
                           "create_certs_tool = /usr/bin/swtpm_localca\n"
                           "create_certs_tool_config = %s/%s.localca\n"
                           "create_certs_tool_options = %s/%s.options\n",
                           h->dir, name, h->dir, name);
}

int fake_host_create(struct fake_host *h)
{
    char cmd[1024];

    memset(h, 0, sizeof(*h));
    h->state = "state";
    strcpy(h->dir, "/tmp/bulkhead-attest-XXXXXX");
    if (mkdtemp(h->dir) == NULL || authority(h, "ca") != 0 || authority(h, "other") != 0) {
        return -1;
    }
    snprintf(h->log_path, sizeof(h->log_path), "%s/log", h->dir);
    snprintf(h->ca_root, sizeof(h->ca_root), "%s/ca/swtpm-localca-rootca-cert.pem", h->dir);
    snprintf(h->ca_issuer, sizeof(h->ca_issuer), "%s/ca/issuercert.pem", h->dir);
    snprintf(h->other_ca, sizeof(h->other_ca), "%s/other/issuercert.pem", h->dir);
    snprintf(cmd, sizeof(cmd),
             "cd %s && mkdir ca other state other-state && timeout 60 sh -c '"
             "swtpm_setup --tpm2 --tpmstate %s/state --create-ek-cert --config %s/ca.setup"
             " --pcr-banks sha256,sha384 &&"
             "swtpm_setup --tpm2 --tpmstate %s/other-state --create-ek-cert --config %s/other.setup"
             "' > %s/setup.log 2>&1",
             h->dir, h->dir, h->dir, h->dir, h->dir, h->dir);
    if (system(cmd) != 0) {
        fprintf(stderr, "fake host: swtpm_setup failed, see %s/setup.log\n", h->dir);
        return -1;
    }
    return 0;
}

void fake_host_destroy(struct fake_host *h)
{
    char cmd[128];

    fake_host_halt(h);
    snprintf(cmd, sizeof(cmd), "rm -rf %s", h->dir);
    if (h->dir[0] == '\0' || system(cmd) != 0) {
        fprintf(stderr, "fake host: %s stays behind\n", h->dir);
    }
}

int fake_host_set(const struct reference *ref, struct refset_list *out)
{
    struct refset *set = refset_new();
    struct attest_error err = {""};
    int rc = set == NULL ? -ENOMEM : 0;

    if (set != NULL) {
        strcpy(set->id, "good");
        set->not_after = INT64_MAX;
    }
    for (size_t i = 0; rc == 0 && i < ref->count; i++) {
        const struct reference_component *c = &ref->component[i];

        rc = reference_add(set->components, c->name, c->kind, c->pcr, c->sha256, c->detail, &err);
    }
    if (rc == 0) {
        rc = refset_finish(set, &err);
    }
    return rc == 0 ? refset_list_add(out, set, "good") : rc;
}
