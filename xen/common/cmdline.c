/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One table row per word; words mean what they mean to Xen. A row's function gets the text behind `=`,
 * NULL without one, and refuses what it cannot make sense of.
 */
#include <xen/cmdline.h>

#include <xen/errno.h>
#include <xen/lib.h>

#define WORD_MAX 128 /* with NUL */
#define CPU_LIMIT 4096u

struct options options;

typedef int option_fn(const char *value, void *arg);

struct option {
    const char *name;
    option_fn *parse;
    void *arg;
};

/* -- kinds of values ----------------------------------------------------------------------------- */

static int parse_string(const char *value, char *out, size_t size)
{
    if (value == NULL || value[0] == '\0' || strlen(value) >= size) {
        return -EINVAL;
    }
    memcpy(out, value, strlen(value) + 1);
    return 0;
}

static int parse_console(const char *value, void *arg)
{
    return parse_string(value, arg, sizeof(options.console));
}

static int parse_com(const char *value, void *arg)
{
    return parse_string(value, arg, sizeof(options.com1));
}

static int parse_focus(const char *value, void *arg)
{
    return parse_string(value, arg, sizeof(options.console_focus));
}

/* Xen's booleans: the bare word, or yes/no in one of five spellings. */
static int parse_bool(const char *value, void *arg)
{
    static const char *const yes[] = { "yes", "on", "true", "enable", "1" };
    static const char *const no[] = { "no", "off", "false", "disable", "0" };
    unsigned i;

    for (i = 0; i < ARRAY_SIZE(yes); i++) {
        if (value == NULL || strcmp(value, yes[i]) == 0) {
            *(bool *)arg = true;
            return 0;
        }
        if (strcmp(value, no[i]) == 0) {
            *(bool *)arg = false;
            return 0;
        }
    }
    return -EINVAL;
}

static int parse_count(const char *value, void *arg)
{
    const char *end;
    uint64_t n;

    if (value == NULL || parse_u64(value, &end, &n) != 0 || *end != '\0' || n == 0 ||
        n > CPU_LIMIT) {
        return -EINVAL;
    }
    *(unsigned *)arg = (unsigned)n;
    return 0;
}

/* A number with B, K, M, G or T behind it; KiB without. */
static int parse_size(const char *text, const char **end, uint64_t *out)
{
    static const char units[] = "BKMGT";
    const char *unit;
    unsigned shift = 10;
    uint64_t n;

    if (*text < '0' || *text > '9' || parse_u64(text, end, &n) != 0) {
        return -EINVAL;
    }
    unit = **end != '\0' ? strchr(units, **end & ~0x20) : NULL;
    if (unit != NULL) {
        shift = 10u * (unsigned)(unit - units);
        (*end)++;
    }
    return mul_overflows(n, 1ull << shift, out) ? -EINVAL : 0;
}

/* dom0_mem=[min:SIZE,][max:SIZE,][SIZE] in any order, each part once. */
static int parse_dom0_mem(const char *value, void *arg)
{
    uint64_t *const slots[] = { &options.dom0_mem, &options.dom0_mem_min, &options.dom0_mem_max };
    unsigned seen = 0;

    (void)arg;
    do {
        unsigned which = 0;
        int ret;

        if (value == NULL) {
            return -EINVAL;
        }
        if (strncmp(value, "min:", 4) == 0 || strncmp(value, "max:", 4) == 0) {
            which = value[1] == 'i' ? 1 : 2;
            value += 4;
        }
        ret = parse_size(value, &value, slots[which]);
        if (ret != 0 || *slots[which] == 0 || (seen & 1u << which)) {
            return -EINVAL;
        }
        seen |= 1u << which;
    } while (*value++ == ',');
    if (value[-1] != '\0' ||
        (options.dom0_mem_max != 0 && options.dom0_mem_min > options.dom0_mem_max)) {
        return -EINVAL;
    }
    return 0;
}

/* -- words --------------------------------------------------------------------------------------- */

/* dom0=: a list; the initial domain is PVH. */
static int parse_dom0(const char *value, void *arg)
{
    (void)arg;
    if (value != NULL && strcmp(value, "pvh") == 0) {
        return 0;
    }
    if (value != NULL && strcmp(value, "pv") == 0) {
        pr_err("command line: dom0=pv: PV guests are not supported yet, use dom0=pvh");
    }
    return -EINVAL;
}

static int parse_flask(const char *value, void *arg)
{
    (void)arg;
    if (value == NULL) {
        return -EINVAL;
    }
    if (strcmp(value, "enforcing") == 0) {
        options.flask = FLASK_ENFORCING;
        return 0;
    }
    if (strcmp(value, "permissive") == 0) {
        options.flask = FLASK_PERMISSIVE;
        return 0;
    }
    if (strcmp(value, "late") == 0 || strcmp(value, "disabled") == 0) {
        pr_err("command line: flask=%s: there is no mode without a policy", value);
    }
    return -EINVAL;
}

static int parse_tpm(const char *value, void *arg)
{
    (void)arg;
    if (value != NULL && strcmp(value, "required") == 0) {
        options.tpm = TPM_REQUIRED;
        return 0;
    }
    if (value != NULL && strcmp(value, "none") == 0) {
        options.tpm = TPM_NONE;
        return 0;
    }
    return -EINVAL;
}

static int parse_iommu(const char *value, void *arg)
{
    (void)arg;
    if (value != NULL && strcmp(value, "on") == 0) {
        options.iommu = IOMMU_REQUIRED;
        return 0;
    }
    if (value != NULL && (strcmp(value, "none") == 0 || strcmp(value, "off") == 0)) {
        options.iommu = IOMMU_NONE;
        return 0;
    }
    return -EINVAL;
}

/*
 * loglvl=LEVEL[/RATE-LIMITED]: everything at or above the first level is printed. Xen limits the rate of
 * what lies between the two; here all of it is printed.
 */
static int parse_level(const char *value, void *arg)
{
    static const struct {
        const char *name;
        enum log_level level;
    } levels[] = {
        { "none", LOG_ERR }, { "error", LOG_ERR }, { "warning", LOG_WARN }, { "info", LOG_INFO },
        { "debug", LOG_DEBUG }, { "all", LOG_DEBUG },
    };
    unsigned level = LOG_ERR;
    bool more = value != NULL;

    if (!more) {
        return -EINVAL;
    }
    while (more) {
        const char *slash = strchr(value, '/');
        size_t length = slash != NULL ? (size_t)(slash - value) : strlen(value);
        unsigned i = 0;

        while (i < ARRAY_SIZE(levels) && (strlen(levels[i].name) != length ||
                                          strncmp(value, levels[i].name, length) != 0)) {
            i++;
        }
        if (i == ARRAY_SIZE(levels)) {
            return -EINVAL;
        }
        level = max(level, (unsigned)levels[i].level);
        more = slash != NULL;
        value = more ? slash + 1 : value;
    }
    if (arg != NULL) {
        *(unsigned *)arg = level;
    }
    return 0;
}

static int parse_accepted(const char *value, void *arg)
{
    bool ignored;

    (void)arg;
    return parse_bool(value, &ignored);
}

static const struct option table[] = {
    { "com1", parse_com, options.com1 },
    { "com2", parse_com, options.com2 },
    { "console", parse_console, options.console },
    { "console-focus", parse_focus, options.console_focus },
    { "console-raw", parse_bool, &options.console_raw },
    { "dom0", parse_dom0, NULL },
    { "dom0_max_vcpus", parse_count, &options.dom0_max_vcpus },
    { "dom0_mem", parse_dom0_mem, NULL },
    { "flask", parse_flask, NULL },
    { "flask-trace", parse_bool, &options.flask_trace },
    { "guest_loglvl", parse_level, NULL }, /* domains' own lines are always shown */
    { "iommu", parse_iommu, NULL },
    { "loglvl", parse_level, &options.loglvl },
    { "maxcpus", parse_count, &options.maxcpus },
    { "noreboot", parse_bool, &options.noreboot },
    { "sync_console", parse_accepted, NULL }, /* the console is always synchronous */
    { "tpm", parse_tpm, NULL },
};

static const struct option *find_option(const char *name, size_t length)
{
    unsigned i;

    for (i = 0; i < ARRAY_SIZE(table); i++) {
        if (strlen(table[i].name) == length && strncmp(table[i].name, name, length) == 0) {
            return &table[i];
        }
    }
    return NULL;
}

static int parse_word(const char *word)
{
    const char *equals = strchr(word, '=');
    size_t length = equals != NULL ? (size_t)(equals - word) : strlen(word);
    const struct option *option = find_option(word, length);

    if (option == NULL) {
        pr_warn("command line: unknown word %s", word);
        return 0;
    }
    return option->parse(equals != NULL ? equals + 1 : NULL, option->arg);
}

int cmdline_parse(const char *line, const char **bad)
{
    static char word[WORD_MAX];

    memset(&options, 0, sizeof(options));
    memcpy(options.console, "com1", sizeof("com1"));
    options.loglvl = LOG_INFO;
    for (;;) {
        size_t length = 0;

        while (*line == ' ' || *line == '\t') {
            line++;
        }
        if (*line == '\0') {
            return 0;
        }
        while (line[length] != '\0' && line[length] != ' ' && line[length] != '\t') {
            length++;
        }
        memcpy(word, line, min(length, sizeof(word) - 1));
        word[min(length, sizeof(word) - 1)] = '\0';
        line += length;
        if (length >= sizeof(word) || parse_word(word) != 0) {
            *bad = word;
            return -EINVAL;
        }
    }
}
