/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TPM driver against QEMU's tpm-tis and tpm-crb devices with swtpm behind them. QEMU stays
 * stopped (-S): each register access of the driver goes over the qtest socket. What is checked is
 * what the hypervisor relies on: PCR 21 reset and extended at locality 2, locality 0 unable to do
 * either, and locality 0 unable to keep the TPM.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <xen/acpi.h>
#include <xen/errno.h>
#include <xen/sha256.h>
#include <xen/tpm.h>

#include "../../../xen/drivers/tpm/internal.h"

static struct {
    char dir[64];
    pid_t swtpm, qemu;
    FILE *link;
} host;

/* -- the driver's io.c, over qtest -------------------------------------------------------- */
static uint64_t ask(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static uint64_t ask(const char *fmt, ...)
{
    char line[128];
    va_list ap;

    va_start(ap, fmt);
    vfprintf(host.link, fmt, ap);
    va_end(ap);
    fflush(host.link);
    if (fgets(line, sizeof(line), host.link) == NULL || strncmp(line, "OK", 2) != 0) {
        fail_msg("qtest link lost or refused");
    }
    return strtoull(line + 2, NULL, 16);
}

static uint64_t mapped; /* maddr; the driver's pointers are offsets from fake_base */
static uint8_t fake_base[TPM_LOCALITY_SIZE];

volatile uint8_t *tpm_io_map(uint64_t maddr, size_t size)
{
    assert_int_equal(size, TPM_LOCALITY_SIZE);
    mapped = maddr;
    return fake_base;
}

static unsigned long long addr(const volatile uint8_t *reg)
{
    assert_true(reg >= fake_base && reg < fake_base + sizeof(fake_base));
    return mapped + (uint64_t)(reg - fake_base);
}

uint8_t tpm_io_read8(const volatile uint8_t *reg)
{
    return (uint8_t)ask("readb 0x%llx\n", addr(reg));
}

uint32_t tpm_io_read32(const volatile uint8_t *reg)
{
    return (uint32_t)ask("readl 0x%llx\n", addr(reg));
}

void tpm_io_write8(volatile uint8_t *reg, uint8_t value)
{
    ask("writeb 0x%llx 0x%x\n", addr(reg), value);
}

void tpm_io_write32(volatile uint8_t *reg, uint32_t value)
{
    ask("writel 0x%llx 0x%x\n", addr(reg), value);
}

uint64_t tpm_io_now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

void tpm_io_relax(void)
{
    usleep(1000);
}

/* -- processes ---------------------------------------------------------------------------- */
static pid_t spawn(char *const argv[])
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        alarm(120); /* inherited over exec: nothing outlives a hung test for long */
        execvp(argv[0], argv);
        _exit(127);
    }
    return pid;
}

static int listen_at(const char *path)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
    assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
    assert_int_equal(listen(fd, 1), 0);
    return fd;
}

static void start(char *device)
{
    char state[160], ctrl[160], qtest[160], path[96], chardev[160];
    struct timeval tv = {.tv_sec = 20};
    int fd, link;

    strcpy(host.dir, "/tmp/bulkhead-tpm-XXXXXX");
    assert_non_null(mkdtemp(host.dir));
    snprintf(state, sizeof(state), "dir=%s", host.dir);
    snprintf(ctrl, sizeof(ctrl), "type=unixio,path=%s/ctrl", host.dir);
    snprintf(path, sizeof(path), "%s/qtest", host.dir);
    snprintf(qtest, sizeof(qtest), "unix:%s", path);
    snprintf(chardev, sizeof(chardev), "socket,id=c,path=%s/ctrl", host.dir);
    host.swtpm =
        spawn((char *[]){"swtpm", "socket", "--tpm2", "--tpmstate", state, "--ctrl", ctrl, NULL});
    snprintf(state, sizeof(state), "%s/ctrl", host.dir);
    for (int i = 0; i < 500 && access(state, F_OK) != 0; i++) {
        usleep(10000);
    }
    fd = listen_at(path);
    host.qemu = spawn((char *[]){"qemu-system-x86_64", "-machine", "q35,accel=tcg", "-S",
                                 "-display", "none", "-nodefaults", "-qtest", qtest, "-qtest-log",
                                 "/dev/null", "-chardev", chardev, "-tpmdev",
                                 "emulator,id=t,chardev=c", "-device", device, NULL});
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
    link = accept(fd, NULL, NULL);
    assert_true(link >= 0);
    setsockopt(link, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
    close(fd);
    host.link = fdopen(link, "r+");
    assert_non_null(host.link);
    setvbuf(host.link, NULL, _IOLBF, 4096);
}

static int teardown(void **state)
{
    char cmd[128];

    (void)state;
    if (host.link != NULL) {
        fclose(host.link);
    }
    if (host.qemu > 0) {
        kill(host.qemu, SIGKILL);
        waitpid(host.qemu, NULL, 0);
    }
    if (host.swtpm > 0) {
        kill(host.swtpm, SIGKILL);
        waitpid(host.swtpm, NULL, 0);
    }
    if (host.dir[0] != '\0') {
        snprintf(cmd, sizeof(cmd), "rm -rf %s", host.dir);
        assert_int_equal(system(cmd), 0);
    }
    memset(&host, 0, sizeof(host));
    return 0;
}

/* -- commands that firmware or a domain would send ---------------------------------------- */
static uint32_t response_code(const struct tpm_transport *t, const uint8_t *cmd, size_t len,
                              uint8_t *resp, size_t *rlen)
{
    assert_int_equal(t->send(fake_base, cmd, len), 0);
    assert_int_equal(t->receive(fake_base, resp, rlen), 0);
    return (uint32_t)resp[6] << 24 | (uint32_t)resp[7] << 16 | (uint32_t)resp[8] << 8 | resp[9];
}

static void firmware_startup(const struct tpm_transport *t, uint64_t maddr)
{
    static const uint8_t startup[] = {0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x44, 0, 0};
    uint8_t resp[64];
    size_t len = sizeof(resp);

    mapped = maddr;
    assert_int_equal(t->open(fake_base), 0);
    assert_int_equal(response_code(t, startup, sizeof(startup), resp, &len), 0);
    t->close(fake_base);
}

/* SHA-256 value of a PCR below 24, read at the mapped locality. */
static void pcr_read(const struct tpm_transport *t, unsigned int pcr, uint8_t out[32])
{
    uint8_t cmd[20] = {0x80, 1, 0, 0, 0, 20, 0, 0, 1, 0x7e, 0, 0, 0, 1, 0, 0x0b, 3};
    uint8_t resp[128];
    size_t len = sizeof(resp);

    cmd[17 + pcr / 8] = (uint8_t)(1u << (pcr % 8));
    assert_int_equal(t->open(fake_base), 0);
    assert_int_equal(response_code(t, cmd, sizeof(cmd), resp, &len), 0);
    t->close(fake_base);
    assert_true(len >= 32);
    memcpy(out, resp + len - 32, 32);
}

static void expect_one_extend(const struct tpm_transport *t, unsigned int pcr)
{
    struct tpm_digests d;
    uint8_t joined[64] = {0}, want[32], got[32];

    tpm_banks(&d);
    assert_int_equal(d.count, 4); /* a fresh swtpm state has all four active */
    for (unsigned int i = 0; i < d.count; i++) {
        assert_int_equal(d.digest[i].size, tpm_alg_size(d.digest[i].alg));
        memset(d.digest[i].bytes, 0x42, TPM_DIGEST_MAX);
    }
    assert_int_equal(tpm_pcr_extend(pcr, &d), 0);
    memset(joined + 32, 0x42, 32);
    sha256(joined, sizeof(joined), want);
    pcr_read(t, pcr, got);
    assert_memory_equal(got, want, 32);
}

static void tis_locality2_resets_and_extends_21(void **state)
{
    const struct acpi_tpm2_info info = {.present = true, .start_method = ACPI_TPM2_START_TIS};
    uint8_t value[32];
    static const uint8_t zero[32];

    (void)state;
    start("tpm-tis,tpmdev=t");
    firmware_startup(&tpm_tis, tpm_locality_maddr(0));
    assert_int_equal(tpm_init(&info), 0);
    assert_true(tpm_is_present());
    assert_true(tpm_is_shareable());
    assert_int_equal(tpm_locality(), 2);
    assert_int_equal(mapped, tpm_locality_maddr(2));
    assert_int_equal(tpm_pcr_reset(21), 0);
    pcr_read(&tpm_tis, 21, value);
    assert_memory_equal(value, zero, 32);
    expect_one_extend(&tpm_tis, 21);
    assert_int_equal(tpm_pcr_reset(22), 0);
    expect_one_extend(&tpm_tis, 22);
    assert_int_equal(tpm_pcr_reset(17), -EIO); /* only after a DRTM event */
    /* The same driver at locality 0's page is what a domain could do: refused by the TPM. */
    pcr_read(&tpm_tis, 21, value);
    mapped = tpm_locality_maddr(0);
    struct tpm_digests d;
    tpm_banks(&d);
    assert_int_equal(tpm_pcr_extend(21, &d), -EIO);
    assert_int_equal(tpm_pcr_extend(22, &d), -EIO);
    assert_int_equal(tpm_pcr_reset(21), -EIO);
    uint8_t after[32];
    pcr_read(&tpm_tis, 21, after);
    assert_memory_equal(value, after, 32);
}

/* One command at locality 0, which is what a domain can send. */
static uint32_t at_locality0(uint32_t code, const uint8_t *body, size_t size)
{
    uint8_t cmd[128] = {0x80, 2, 0, 0, 0, (uint8_t)(10 + size), 0, 0, (uint8_t)(code >> 8), (uint8_t)code}, resp[64];
    size_t len = sizeof(resp);
    uint32_t rc;

    memcpy(cmd + 10, body, size);
    mapped = tpm_locality_maddr(0);
    assert_int_equal(tpm_tis.open(fake_base), 0);
    rc = response_code(&tpm_tis, cmd, 10 + size, resp, &len);
    tpm_tis.close(fake_base);
    mapped = tpm_locality_maddr(2);
    return rc;
}

#define AT_LOCALITY0(code, ...)                                                                    \
    ({                                                                                             \
        const uint8_t body_[] = {__VA_ARGS__};                                                     \
        at_locality0(code, body_, sizeof(body_));                                                  \
    })
#define NO_POLICY 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
#define EMPTY_PASSWORD 0, 0, 0, 9, 0x40, 0, 0, 9, 0, 0, 0, 0, 0

/* No firmware ran here: the platform hierarchy is open, and with it TPM2_PCR_SetAuthPolicy. */
static void tis_reserved_pcrs_stay_ours(void **state)
{
    const struct acpi_tpm2_info info = {.present = true, .start_method = ACPI_TPM2_START_TIS};
    static const unsigned int pcrs[] = {21, 22};

    (void)state;
    start("tpm-tis,tpmdev=t");
    firmware_startup(&tpm_tis, tpm_locality_maddr(0));
    assert_int_equal(tpm_init(&info), 0);
    assert_int_equal(tpm_reserve(pcrs, 2), 0);
    for (uint8_t pcr = 20; pcr <= 22; pcr++) {
        assert_int_equal(AT_LOCALITY0(0x183, 0, 0, 0, pcr, EMPTY_PASSWORD, 0, 1, 'x'), 0x9a2);
    }
    assert_int_equal(AT_LOCALITY0(0x12c, 0x40, 0, 0, 0x0c, EMPTY_PASSWORD, 0, 32, NO_POLICY, 0, 0x0b, 0, 0, 0, 21), 0x9a2);
    assert_int_equal(AT_LOCALITY0(0x126, 0x40, 0, 0, 0x0a, EMPTY_PASSWORD), 0x120); /* Clear: disabled */
    assert_int_equal(AT_LOCALITY0(0x127, 0x40, 0, 0, 0x0c, EMPTY_PASSWORD, 0), 0x9a2);
    assert_int_equal(tpm_pcr_reset(21), 0);
    expect_one_extend(&tpm_tis, 21);
    assert_int_equal(tpm_pcr_reset(22), 0);
    expect_one_extend(&tpm_tis, 22);
    assert_int_equal(tpm_init(&info), 0); /* who starts anew without starting the TPM anew does not know it either */
    assert_int_equal(tpm_reserve(pcrs, 2), -EIO);
    assert_int_equal(tpm_pcr_reset(21), -EIO);
}

static void tis_locality0_holding_on_is_seized(void **state)
{
    const struct acpi_tpm2_info info = {.present = true, .start_method = ACPI_TPM2_START_TIS};
    static const uint8_t half[] = {0x80, 1, 0, 0, 0, 22};

    (void)state;
    start("tpm-tis,tpmdev=t");
    firmware_startup(&tpm_tis, tpm_locality_maddr(0));
    assert_int_equal(tpm_init(&info), 0);
    assert_int_equal(tpm_pcr_reset(21), 0);
    /* A domain takes the TPM, writes half a command and stops there. */
    mapped = tpm_locality_maddr(0);
    assert_int_equal(tpm_tis.open(fake_base), 0);
    tpm_io_write32(fake_base + 0x18, 0x40);
    for (size_t i = 0; i < sizeof(half); i++) {
        tpm_io_write8(fake_base + 0x24, half[i]);
    }
    mapped = tpm_locality_maddr(2);
    expect_one_extend(&tpm_tis, 21);
    mapped = tpm_locality_maddr(0);
    assert_int_equal(tpm_io_read8(fake_base) & 0x10, 0x10); /* it can see that it lost the TPM */
    assert_int_equal(tpm_tis.open(fake_base), 0);           /* and take it again afterwards */
    tpm_tis.close(fake_base);
}

static void crb_extends_at_locality0(void **state)
{
    const struct acpi_tpm2_info info = {
        .present = true, .start_method = ACPI_TPM2_START_CRB, .control_area = 0xfed40040};

    (void)state;
    start("tpm-crb,tpmdev=t");
    firmware_startup(&tpm_crb, 0xfed40000);
    assert_int_equal(tpm_init(&info), 0);
    assert_false(tpm_is_shareable());
    assert_int_equal(tpm_locality(), 0);
    expect_one_extend(&tpm_crb, 12);
    assert_int_equal(tpm_pcr_reset(21), -EIO);
}

static void tpm_init_wrong_interface_enodev(void **state)
{
    struct acpi_tpm2_info info = {
        .present = true, .start_method = ACPI_TPM2_START_CRB, .control_area = 0xfed40040};

    (void)state;
    start("tpm-tis,tpmdev=t");
    assert_int_equal(tpm_init(&info), -ENODEV);
    assert_false(tpm_is_present());
    info.start_method = 2;
    assert_int_equal(tpm_init(&info), -ENODEV);
    info.present = false;
    assert_int_equal(tpm_init(&info), -ENODEV);
    info.present = true;
    info.start_method = ACPI_TPM2_START_TIS; /* right, but no firmware has started the TPM */
    assert_int_equal(tpm_init(&info), -EIO);
    assert_false(tpm_is_present());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(tis_locality2_resets_and_extends_21, teardown),
        cmocka_unit_test_teardown(tis_reserved_pcrs_stay_ours, teardown),
        cmocka_unit_test_teardown(tis_locality0_holding_on_is_seized, teardown),
        cmocka_unit_test_teardown(crb_extends_at_locality0, teardown),
        cmocka_unit_test_teardown(tpm_init_wrong_interface_enodev, teardown),
    };

    alarm(100);
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
