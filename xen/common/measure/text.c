/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event texts: small writers over one bounded buffer. A writer that hits the end or a character it
 * does not accept remembers the first error and writes no more; text_end() reports it. So each text
 * is one straight list of writers, without checks in between.
 */
#include <xen/measure_text.h>

#include <xen/errno.h>
#include <xen/lib.h>

struct text {
    char *buf;
    size_t size;
    size_t len;
    int err;
};

static struct text text_start(char *buf, size_t size)
{
    return (struct text){.buf = buf, .size = size, .err = size == 0 ? -ENOSPC : 0};
}

static void put_char(struct text *t, char c)
{
    if (t->err != 0) {
        return;
    }
    if (t->len + 1 >= t->size) {
        t->err = -ENOSPC;
        return;
    }
    t->buf[t->len++] = c;
}

static void put(struct text *t, const char *s)
{
    while (*s != '\0') {
        put_char(t, *s++);
    }
}

static int text_end(struct text *t)
{
    if (t->size > 0) {
        t->buf[t->err == 0 ? t->len : 0] = '\0';
    }
    return t->err != 0 ? t->err : (int)t->len;
}

static void put_number(struct text *t, uint64_t n)
{
    char digit[20];
    unsigned int count = 0;

    do {
        digit[count++] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    while (count > 0) {
        put_char(t, digit[--count]);
    }
}

static void put_hex_byte(struct text *t, uint8_t byte)
{
    static const char digit[] = "0123456789abcdef";

    put_char(t, digit[byte >> 4]);
    put_char(t, digit[byte & 15]);
}

static void put_digest(struct text *t, const uint8_t digest[32])
{
    for (unsigned int i = 0; i < 32; i++) {
        put_hex_byte(t, digest[i]);
    }
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A word of letters, digits and `extra`; empty words are refused. */
static void put_word(struct text *t, const char *word, const char *extra)
{
    if (word == NULL || word[0] == '\0') {
        t->err = t->err != 0 ? t->err : -EINVAL;
        return;
    }
    for (; *word != '\0'; word++) {
        if (!is_letter(*word) && !is_digit(*word) && strchr(extra, *word) == NULL) {
            t->err = t->err != 0 ? t->err : -EINVAL;
            return;
        }
        put_char(t, *word);
    }
}

static void put_flag(struct text *t, const char *key, bool value)
{
    put(t, key);
    put_char(t, value ? '1' : '0');
}

static void put_image(struct text *t, const uint8_t *digest, uint64_t bytes)
{
    put(t, " sha256=");
    put_digest(t, digest);
    put(t, " size=");
    put_number(t, bytes);
}

int measure_text_version(char *buf, size_t size, const char *version, const char *build_id, bool debug)
{
    struct text t = text_start(buf, size);

    put(&t, "bulkhead version=");
    put_word(&t, version, ".+~-");
    put(&t, " build-id=");
    put_word(&t, build_id, "");
    put(&t, debug ? " debug" : "");
    return text_end(&t);
}

int measure_text_firmware_log(char *buf, size_t size, const uint8_t *digest, uint64_t bytes)
{
    struct text t = text_start(buf, size);

    put(&t, "firmware-log");
    put_image(&t, digest, bytes);
    return text_end(&t);
}

int measure_text_cmdline(char *buf, size_t size, const char *cmdline, size_t len)
{
    struct text t = text_start(buf, size);

    put(&t, "cmdline ");
    for (size_t i = 0; i < len; i++) {
        uint8_t c = (uint8_t)cmdline[i];

        if (c < 0x20 || c >= 0x7f || c == '\\') {
            put(&t, "\\x");
            put_hex_byte(&t, c);
        } else {
            put_char(&t, (char)c);
        }
    }
    return text_end(&t);
}

int measure_text_protection(char *buf, size_t size, const struct measure_protection *p)
{
    struct text t = text_start(buf, size);

    put_flag(&t, "protection svm=", p->svm);
    put_flag(&t, " npt=", p->npt);
    put_flag(&t, " smep=", p->smep);
    put_flag(&t, " smap=", p->smap);
    put_flag(&t, " umip=", p->umip);
    put_flag(&t, " nx=", p->nx);
    put(&t, " iommu=");
    put_word(&t, p->iommu, "-");
    if (p->locality0) {
        put(&t, " locality=0");
    }
    return text_end(&t);
}

int measure_text_policy(char *buf, size_t size, const uint8_t *digest, uint64_t bytes,
                        bool enforcing)
{
    struct text t = text_start(buf, size);

    put(&t, "policy");
    put_image(&t, digest, bytes);
    put(&t, enforcing ? " mode=enforcing" : " mode=permissive");
    return text_end(&t);
}

int measure_text_manifest(char *buf, size_t size, const uint8_t *digest, uint64_t bytes)
{
    struct text t = text_start(buf, size);

    put(&t, "manifest");
    if (digest == NULL) {
        put(&t, " none");
    } else {
        put_image(&t, digest, bytes);
    }
    return text_end(&t);
}

int measure_text_seed(char *buf, size_t size, const uint8_t *digest, uint64_t bytes)
{
    struct text t = text_start(buf, size);

    put(&t, "seed");
    put_image(&t, digest, bytes);
    return text_end(&t);
}

static void put_label(struct text *t, const char *label)
{
    put(t, " label=");
    put_word(t, label, "_.,:-");
}

int measure_text_domain(char *buf, size_t size, unsigned int domid, const char *name,
                        const char *label, const uint8_t *digest, uint64_t start)
{
    struct text t = text_start(buf, size);

    put(&t, "domain id=");
    put_number(&t, domid);
    put(&t, " name=");
    put_word(&t, name, "-_");
    put_label(&t, label);
    put(&t, " digest=sha256:");
    put_digest(&t, digest);
    put(&t, " start=");
    put_number(&t, start);
    return text_end(&t);
}

int measure_text_policy_load(char *buf, size_t size, const uint8_t *digest, uint64_t bytes)
{
    struct text t = text_start(buf, size);

    put(&t, "policy-load");
    put_image(&t, digest, bytes);
    return text_end(&t);
}

int measure_text_setenforce(char *buf, size_t size, bool enforcing)
{
    struct text t = text_start(buf, size);

    put(&t, enforcing ? "setenforce mode=enforcing" : "setenforce mode=permissive");
    return text_end(&t);
}

int measure_text_boolean(char *buf, size_t size, const char *name, bool value)
{
    struct text t = text_start(buf, size);

    put(&t, "boolean ");
    put_word(&t, name, "_.-");
    put_flag(&t, "=", value);
    return text_end(&t);
}

int measure_text_relabel(char *buf, size_t size, unsigned int domid, const char *label)
{
    struct text t = text_start(buf, size);

    put(&t, "relabel id=");
    put_number(&t, domid);
    put_label(&t, label);
    return text_end(&t);
}

int measure_text_resource(char *buf, size_t size, uint32_t ocon, uint64_t first, uint64_t last, const char *label)
{
    static const char *const kinds[] = { NULL, "pirq", "ioport", "iomem", "device" };
    struct text t = text_start(buf, size);

    if (ocon == 0 || ocon >= ARRAY_SIZE(kinds)) {
        return -EINVAL;
    }
    put(&t, "resource kind=");
    put(&t, kinds[ocon]);
    put(&t, " first=");
    put_number(&t, first);
    put(&t, " last=");
    put_number(&t, last);
    if (label != NULL) {
        put_label(&t, label);
    } else {
        put(&t, " unlabelled");
    }
    return text_end(&t);
}

int measure_text_audit_seal(char *buf, size_t size, const uint8_t *digest, unsigned int cpus,
                            uint64_t records)
{
    struct text t = text_start(buf, size);

    put(&t, "audit-seal sha256=");
    put_digest(&t, digest);
    put(&t, " cpus=");
    put_number(&t, cpus);
    put(&t, " records=");
    put_number(&t, records);
    return text_end(&t);
}
