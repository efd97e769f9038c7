/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `bh run`. */
#ifndef BH_RUN_OPTIONS_H
#define BH_RUN_OPTIONS_H

enum firmware {
    FIRMWARE_OVMF,    /* OVMF and the disk's EFI program: the measured chain */
    FIRMWARE_SEABIOS, /* SeaBIOS and the disk's BIOS loader, which measures nothing */
    FIRMWARE_DIRECT,  /* QEMU's -kernel: nothing measures the hypervisor */
};

#define OPTIONS_QEMU_MAX 8

struct options {
    enum firmware firmware;
    int smp;              /* CPUs; 0: as in run.json */
    int memory;           /* MiB; 0: as in run.json */
    int timeout;          /* seconds; 0: none */
    int scenario;         /* drive and judge the scenario, then attest */
    int attest;           /* have it attested as soon as it can be */
    int shell;            /* connect the terminal to the console at the end of the boot */
    int verbose;          /* print every console line */
    const char *expect;   /* --expect-fail: component that the verifier must name, or NULL */
    const char *tamper;   /* --tamper: what to change in a copy before booting that, or NULL */
    const char *secure;   /* --secure-boot: variables with keys enrolled, or NULL */
    const char *profile;  /* --firmware-profile: NAME of the image's set that knows the firmware, or NULL */
    int refused;          /* --expect-refused, or tampering under Secure Boot: firmware must not start it */
    const char *state;    /* --state: folder of TPM state and logs; NULL: DIR/run */
    const char *cpu;      /* --cpu: QEMU's CPU model */
    int threads;          /* --threads: one emulator thread per CPU instead of one for all */
    const char *qemu[OPTIONS_QEMU_MAX]; /* --qemu: further arguments for QEMU, words separated by spaces */
    int qemu_count;
    const char *evidence; /* --evidence: path of the attest domain's socket, or NULL */
    const char *control;  /* --control: socket for the third UART, or NULL */
    const char *gdb;      /* --gdb: QEMU's -gdb argument; the machine waits */
    const char *dir;      /* the host image */
};

/** @return 0; 1 help was asked for and printed; -1 wrong, said on stderr */
int options_parse(int argc, char **argv, struct options *options);

#endif
