/* SPDX-License-Identifier: Apache-2.0 */
/* QEMU's command line. */
#include "qemu.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARGS_MAX 64

struct args {
    int count;
    char *word[ARGS_MAX + 1];
};

__attribute__((format(printf, 2, 3))) static void add(struct args *args, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    if (args->count == ARGS_MAX || vasprintf(&args->word[args->count], format, list) < 0) {
        abort();
    }
    args->count++;
    args->word[args->count] = NULL;
    va_end(list);
}

static void put_escaped(FILE *out, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == ',') {
            fputc(',', out);
        }
        fputc(*c, out);
    }
}

char *qemu_module_list(const struct config *config, const char *image)
{
    char *text = NULL;
    size_t length;
    FILE *out = config->module_count > 0 ? open_memstream(&text, &length) : NULL;

    if (out == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < config->module_count; i++) {
        fputs(i > 0 ? "," : "", out);
        put_escaped(out, image);
        fputc('/', out);
        put_escaped(out, config->module[i].file);
        if (config->module[i].args[0] != '\0') {
            fputc(' ', out);
            put_escaped(out, config->module[i].args);
        }
    }
    fclose(out);
    return text;
}

static int file_copy(const char *from, const char *to)
{
    static char block[65536];
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ssize_t n = -1;

    while (out >= 0 && (n = read(in, block, sizeof(block))) > 0) {
        if (write(out, block, (size_t)n) != n) {
            n = -1;
            break;
        }
    }
    int error = errno;

    if (in >= 0) {
        close(in);
    }
    if (out >= 0 && close(out) < 0) {
        n = -1;
    }
    errno = error;
    return n == 0 ? 0 : -1;
}

static void add_disk(struct args *args, const struct machine_paths *paths)
{
    add(args, "-drive");
    add(args, "if=none,id=disk,format=raw,readonly=on,file=%s/disk.img", paths->image);
    add(args, "-device");
    add(args, "virtio-blk-pci,drive=disk,bootindex=0");
}

static const struct {
    const char *code;
    const char *vars;
} ovmf[] = {
    { "/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd" },
    { "/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd" },
};

/* Its variables are kept in memory that only code in system management mode may write. */
static const char ovmf_secure[] = "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd";

static int add_flash(struct args *args, const struct machine_paths *paths, const char *code,
                     const char *variables)
{
    char vars[PATH_MAX];

    /* Fresh variables for each boot: what an earlier boot stored must not change the next one. */
    snprintf(vars, sizeof(vars), "%s/vars.fd", paths->state);
    if (file_copy(variables, vars) < 0) {
        fprintf(stderr, "bh run: copying %s to %s: %s\n", variables, vars, strerror(errno));
        return -1;
    }
    add(args, "-drive");
    add(args, "if=pflash,format=raw,readonly=on,file=%s", code);
    add(args, "-drive");
    add(args, "if=pflash,format=raw,file=%s", vars);
    add_disk(args, paths);
    return 0;
}

static int add_ovmf(struct args *args, const struct machine_paths *paths, const char *secure)
{
    if (secure != NULL) {
        add(args, "-global");
        add(args, "driver=cfi.pflash01,property=secure,value=on");
        return add_flash(args, paths, ovmf_secure, secure);
    }
    for (size_t i = 0; i < sizeof(ovmf) / sizeof(ovmf[0]); i++) {
        if (access(ovmf[i].code, R_OK) == 0) {
            return add_flash(args, paths, ovmf[i].code, ovmf[i].vars);
        }
    }
    fprintf(stderr, "bh run: no %s; install the package ovmf\n", ovmf[0].code);
    return -1;
}

static int add_direct(struct args *args, const struct config *config,
                      const struct machine_paths *paths)
{
    char *modules = qemu_module_list(config, paths->image);

    if (modules == NULL) {
        fprintf(stderr, "bh run: no modules in run.json\n");
        return -1;
    }
    add(args, "-kernel");
    add(args, "%s/%s", paths->image, config->hypervisor);
    add(args, "-append");
    add(args, "%s", config->cmdline);
    add(args, "-initrd");
    add(args, "%s", modules);
    free(modules);
    return 0;
}

static void add_machine(struct args *args, const struct config *config,
                        const struct options *options)
{
    add(args, "qemu-system-x86_64");
    add(args, "-name");
    add(args, "bulkhead");
    add(args, "-nodefaults");
    add(args, "-no-user-config");
    add(args, "-no-reboot");
    add(args, "-machine");
    add(args, "q35%s", options->secure != NULL ? ",smm=on" : "");
    add(args, "-accel");
    add(args, "tcg,thread=%s", options->threads ? "multi" : "single");
    add(args, "-cpu");
    add(args, "%s", options->cpu);
    add(args, "-smp");
    add(args, "%d", options->smp > 0 ? options->smp : (int)config->cpus);
    add(args, "-m");
    add(args, "%d", options->memory > 0 ? options->memory : (int)config->memory_mib);
    add(args, "-display");
    add(args, "none");
    if (options->gdb != NULL) {
        add(args, "-gdb");
        add(args, "%s", options->gdb);
        add(args, "-S");
    }
}

static void add_further(struct args *args, const struct options *options)
{
    for (int i = 0; i < options->qemu_count; i++) {
        char *copy = strdup(options->qemu[i]), *rest = copy, *word;

        while (copy != NULL && (word = strsep(&rest, " ")) != NULL) {
            if (*word != '\0') {
                add(args, "%s", word);
            }
        }
        free(copy);
    }
}

/* The third UART, for a control domain. */
static void add_control(struct args *args, const struct options *options)
{
    if (options->control != NULL) {
        add(args, "-chardev");
        add(args, "socket,id=com3,server=on,wait=off,path=%s", options->control);
        add(args, "-serial");
        add(args, "chardev:com3");
    }
}

static void add_channels(struct args *args, const struct config *config,
                         const struct machine_paths *paths)
{
    add(args, "-chardev");
    add(args, "stdio,id=com1,signal=off");
    add(args, "-serial");
    add(args, "chardev:com1");
    add(args, "-chardev");
    add(args, "socket,id=com2,server=on,wait=off,path=%s", paths->com2);
    add(args, "-serial");
    add(args, "chardev:com2");
    if (strcmp(config->tpm, "none") != 0) {
        add(args, "-chardev");
        add(args, "socket,id=chrtpm,path=%s", paths->tpm);
        add(args, "-tpmdev");
        add(args, "emulator,id=tpm0,chardev=chrtpm");
        add(args, "-device");
        add(args, "tpm-%s,tpmdev=tpm0", config->tpm);
    }
}

int qemu_start(struct proc *proc, const struct config *config, const struct options *options,
               const struct machine_paths *paths)
{
    struct args args = { 0 };
    char log[PATH_MAX];
    int rc = 0;

    snprintf(log, sizeof(log), "%s/qemu.log", paths->state);
    add_machine(&args, config, options);
    add_channels(&args, config, paths);
    add_control(&args, options);
    if (options->firmware == FIRMWARE_SEABIOS) {
        add_disk(&args, paths); /* SeaBIOS is what QEMU starts when told nothing else */
    } else {
        rc = options->firmware == FIRMWARE_OVMF ? add_ovmf(&args, paths, options->secure)
                                                : add_direct(&args, config, paths);
    }
    add_further(&args, options);
    if (rc == 0) {
        FILE *file = fopen(log, "we");

        for (int i = 0; file != NULL && i < args.count; i++) {
            fprintf(file, "%s%s", args.word[i], i + 1 < args.count ? " " : "\n");
        }
        if (file != NULL) {
            fclose(file);
        }
        rc = proc_start(proc, args.word, NULL, log, PROC_PIPE_IN | PROC_PIPE_OUT);
    }
    for (int i = 0; i < args.count; i++) {
        free(args.word[i]);
    }
    return rc;
}
