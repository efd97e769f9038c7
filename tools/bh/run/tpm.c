/* SPDX-License-Identifier: Apache-2.0 */
/* swtpm_setup and swtpm. Paths must be absolute; swtpm ends when QEMU closes the channel. */
#include "tpm.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SETUP_SECONDS 60
#define START_SECONDS 10

static int file_write(const char *dir, const char *name, const char *text)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *file = fopen(path, "we");

    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) {
        fprintf(stderr, "bh run: writing %s: %s\n", path, strerror(errno));
        return -1;
    }
    return 0;
}

/* An authority of our own, so that nothing outside the state folder is touched or needed. */
static int authority_configure(const char *ca)
{
    char text[5 * PATH_MAX];

    snprintf(text, sizeof(text),
             "create_certs_tool = /usr/bin/swtpm_localca\n"
             "create_certs_tool_config = %s/localca.conf\n"
             "create_certs_tool_options = %s/localca.options\n",
             ca, ca);
    if (file_write(ca, "setup.conf", text) < 0) {
        return -1;
    }
    snprintf(text, sizeof(text),
             "statedir = %s\nsigningkey = %s/signkey.pem\nissuercert = %s/issuercert.pem\n"
             "certserial = %s/certserial\n",
             ca, ca, ca, ca);
    if (file_write(ca, "localca.conf", text) < 0) {
        return -1;
    }
    return file_write(ca, "localca.options",
                      "--platform-manufacturer Bulkhead\n--platform-version 1\n"
                      "--platform-model qemu\n");
}

static int setup_run(const char *fresh, const char *ca, const char *log)
{
    char config[PATH_MAX];
    struct proc proc;

    snprintf(config, sizeof(config), "%s/setup.conf", ca);
    char *argv[] = { (char[]){ "swtpm_setup" }, (char[]){ "--tpm2" }, (char[]){ "--tpmstate" },
                     strdupa(fresh), (char[]){ "--create-ek-cert" }, (char[]){ "--config" },
                     config, (char[]){ "--pcr-banks" }, (char[]){ "sha256,sha384" },
                     (char[]){ "--write-ek-cert-files" }, strdupa(ca), NULL };

    if (proc_start(&proc, argv, NULL, log, 0) < 0) {
        return -1;
    }
    int status = proc_wait(&proc, SETUP_SECONDS);

    proc_end(&proc, 1);
    if (status != 0) {
        fprintf(stderr, "bh run: swtpm_setup failed (status %d); see %s\n", status, log);
    }
    return status == 0 ? 0 : -1;
}

/* A new TPM is another one: what is remembered of the old one would fail it for ever. */
static int memory_forget(const char *state)
{
    static const char *const files[] = { "run.json", "run.lock" };
    char path[PATH_MAX];

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        snprintf(path, sizeof(path), "%s/hosts/%s", state, files[i]);
        if (unlink(path) < 0 && errno != ENOENT) {
            fprintf(stderr, "bh run: %s: %s\n", path, strerror(errno));
            return -1;
        }
    }
    snprintf(path, sizeof(path), "%s/hosts", state);
    if (rmdir(path) < 0 && errno != ENOENT) {
        fprintf(stderr, "bh run: %s: %s\n", path, strerror(errno));
        return -1;
    }
    return 0;
}

int tpm_setup(const char *state)
{
    char tpm[PATH_MAX];
    char fresh[PATH_MAX];
    char ca[PATH_MAX];
    char log[PATH_MAX];
    struct stat st;

    snprintf(tpm, sizeof(tpm), "%s/tpm", state);
    snprintf(fresh, sizeof(fresh), "%s/tpm.%ld", state, (long)getpid());
    snprintf(ca, sizeof(ca), "%s/ca", state);
    snprintf(log, sizeof(log), "%s/swtpm.log", state);
    if (stat(tpm, &st) == 0) {
        return 0;
    }
    if ((mkdir(ca, 0700) < 0 && errno != EEXIST) || mkdir(fresh, 0700) < 0) {
        fprintf(stderr, "bh run: %s: %s\n", state, strerror(errno));
        return -1;
    }
    if (authority_configure(ca) < 0 || setup_run(fresh, ca, log) < 0 || memory_forget(state) < 0
        || rename(fresh, tpm) < 0) {
        char left[PATH_MAX + 32];

        snprintf(left, sizeof(left), "%s/tpm2-00.permall", fresh);
        unlink(left);
        snprintf(left, sizeof(left), "%s/.lock", fresh);
        unlink(left);
        rmdir(fresh);
        return -1;
    }
    return 0;
}

int tpm_start(struct proc *proc, const char *state, const char *socket)
{
    char dir[PATH_MAX + 16];
    char ctrl[PATH_MAX + 32];
    char log[PATH_MAX];
    char *argv[] = { (char[]){ "swtpm" }, (char[]){ "socket" }, (char[]){ "--tpm2" },
                     (char[]){ "--tpmstate" }, dir, (char[]){ "--ctrl" }, ctrl,
                     (char[]){ "--terminate" }, NULL };
    double end = proc_seconds() + START_SECONDS;

    snprintf(dir, sizeof(dir), "dir=%s/tpm", state);
    snprintf(ctrl, sizeof(ctrl), "type=unixio,path=%s", socket);
    snprintf(log, sizeof(log), "%s/swtpm.log", state);
    if (proc_start(proc, argv, NULL, log, 0) < 0) {
        return -1;
    }
    while (access(socket, F_OK) < 0) {
        if (!proc_running(proc) || proc_seconds() > end || proc_stop_requested() != 0) {
            fprintf(stderr, "bh run: swtpm did not start; see %s\n", log);
            return -1;
        }
        usleep(10000);
    }
    return 0;
}
