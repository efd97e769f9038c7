/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XEN_MEASURE_TEXT_H
#define XEN_MEASURE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The texts of our measurement events, as docs/formats.md lists them. The same source is built into
 * the hypervisor and into `bh build`, so what is measured and what is expected cannot drift apart.
 *
 * Every function writes at most `size` bytes with a terminating NUL, which is not measured.
 * @return length without the NUL; -EINVAL a field holds a character it may not; -ENOSPC too long
 *
 * No field can fake another: names, labels and hex have narrow alphabets and are refused outside of
 * them; free text (the command line) ends its event and has `\`, control and non-ASCII bytes
 * written as \xHH.
 */

#define MEASURE_TEXT_MAX 4096
#define MEASURE_PCR_HYPERVISOR 21
#define MEASURE_PCR_DOMAIN 22

/* CPU and IOMMU protection in force; iommu is a word: none, amd, intel. */
struct measure_protection {
    bool svm, npt, smep, smap, umip, nx;
    const char *iommu;
    bool locality0; /* single-locality TPM: adds " locality=0" */
};

/* version: [0-9A-Za-z.+~-], build_id: lower-case hex; debug: a debug build, adds " debug" */
int measure_text_version(char *buf, size_t size, const char *version, const char *build_id, bool debug);
/* digest: SHA-256 of the first `bytes` of the event log */
int measure_text_firmware_log(char *buf, size_t size, const uint8_t *digest, uint64_t bytes);
int measure_text_cmdline(char *buf, size_t size, const char *cmdline, size_t len);
int measure_text_protection(char *buf, size_t size, const struct measure_protection *p);
/* digest: 32 bytes of SHA-256; bytes: size of the image */
int measure_text_policy(char *buf, size_t size, const uint8_t *digest, uint64_t bytes,
                        bool enforcing);
/* digest NULL: "manifest none" (legacy mode) */
int measure_text_manifest(char *buf, size_t size, const uint8_t *digest, uint64_t bytes);
int measure_text_seed(char *buf, size_t size, const uint8_t *digest, uint64_t bytes);
/* name: [A-Za-z0-9_-]; label: a security context, [A-Za-z0-9_.,:-] */
int measure_text_domain(char *buf, size_t size, unsigned int domid, const char *name,
                        const char *label, const uint8_t *digest, uint64_t start);
int measure_text_policy_load(char *buf, size_t size, const uint8_t *digest, uint64_t bytes);
int measure_text_setenforce(char *buf, size_t size, bool enforcing);
int measure_text_boolean(char *buf, size_t size, const char *name, bool value);
int measure_text_relabel(char *buf, size_t size, unsigned int domid, const char *label);
/* ocon: 1 pirq, 2 ioport, 3 iomem, 4 PCI device, as in FLASK_ADD_OCONTEXT; label NULL: taken away */
int measure_text_resource(char *buf, size_t size, uint32_t ocon, uint64_t first, uint64_t last, const char *label);
/* digest: SHA-256 over the heads of all CPUs' audit records, <public/bulkhead.h> */
int measure_text_audit_seal(char *buf, size_t size, const uint8_t *digest, unsigned int cpus,
                            uint64_t records);

#endif /* XEN_MEASURE_TEXT_H */
