/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plugin for QEMU's emulation (TCG) that counts executed instructions:
 *
 *   -plugin count.so,mark=NAME:0xADDR[,mark=...],out=FILE   the count when ADDR first runs;
 *                                    a mark waits until the one before it has come
 *   -plugin count.so,profile=0xFROM:0xTO,out=FILE   at exit, `ADDR LENGTH COUNT` of every
 *                                    translated block that starts in the range
 *   -plugin count.so,hits=0xFROM:0xTO,out=FILE   `hit TOTAL INNER ENTRIES` each time any program runs the counted
 *                                    point (../io/mark.h): instructions so far, those of blocks that start in
 *                                    the range (the hypervisor), and how often a guest was entered (VMRUN)
 *
 * The prototypes are written from QEMU's documentation of the interface (version 1): Debian has no
 * header. A block is counted when it starts, so a count is exact to the length of a block.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t plugin_id;
struct tb;
struct insn;

int qemu_plugin_version = 1;
int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, void (*fn)(plugin_id, struct tb *));
void qemu_plugin_register_vcpu_tb_exec_inline(struct tb *tb, int op, void *counter, uint64_t add);
void qemu_plugin_register_vcpu_insn_exec_cb(struct insn *insn, void (*fn)(unsigned int, void *),
                                            int flags, void *arg);
void qemu_plugin_register_atexit_cb(plugin_id id, void (*fn)(plugin_id, void *), void *arg);
size_t qemu_plugin_tb_n_insns(const struct tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct tb *tb);
struct insn *qemu_plugin_tb_get_insn(const struct tb *tb, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct insn *insn);
const void *qemu_plugin_insn_data(const struct insn *insn);
size_t qemu_plugin_insn_size(const struct insn *insn);

#define INLINE_ADD_U64 0
#define MARK_LIMIT 8

struct mark {
    char name[24];
    uint64_t addr;
    bool seen;
};

struct block {
    uint64_t addr, length, count;
    struct block *next;
};

static struct mark marks[MARK_LIMIT];
static unsigned int mark_count, marks_seen;
static uint64_t total, profile_from, profile_to;
static struct block *blocks[4096];
static uint64_t inner, inner_from, inner_to, entries;
static const unsigned char point[] = { 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x6f, 0x69, 0x62 };
static const unsigned char vmrun[] = { 0x0f, 0x01, 0xd8 };
static FILE *out;

static void hit(unsigned int cpu, void *arg)
{
    (void)cpu;
    (void)arg;
    fprintf(out, "hit %llu %llu %llu\n", (unsigned long long)total, (unsigned long long)inner,
            (unsigned long long)entries);
    fflush(out);
}

static bool is(const struct insn *insn, const unsigned char *code, size_t size)
{
    return qemu_plugin_insn_size(insn) == size && memcmp(qemu_plugin_insn_data(insn), code, size) == 0;
}

static void translated_hits(struct tb *tb, uint64_t addr, size_t length)
{
    if (addr >= inner_from && addr < inner_to) {
        qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD_U64, &inner, length);
    }
    for (size_t i = 0; i < length; i++) {
        struct insn *insn = qemu_plugin_tb_get_insn(tb, i);

        if (is(insn, point, sizeof(point))) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, hit, 0, NULL);
        } else if (is(insn, vmrun, sizeof(vmrun))) {
            qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD_U64, &entries, 1);
        }
    }
}

static void reached(unsigned int cpu, void *arg)
{
    struct mark *mark = arg;

    (void)cpu;
    if (!mark->seen && mark == &marks[marks_seen]) {
        mark->seen = true;
        marks_seen++;
        fprintf(out, "mark %s %llu\n", mark->name, (unsigned long long)total);
        fflush(out);
    }
}

static struct block *block_of(uint64_t addr, uint64_t length)
{
    struct block **head = &blocks[addr % 4096], *b;

    for (b = *head; b != NULL; b = b->next) {
        if (b->addr == addr && b->length == length) {
            return b;
        }
    }
    b = calloc(1, sizeof(*b));
    if (b != NULL) {
        b->addr = addr;
        b->length = length;
        b->next = *head;
        *head = b;
    }
    return b;
}

static void translated(plugin_id id, struct tb *tb)
{
    size_t length = qemu_plugin_tb_n_insns(tb);
    uint64_t addr = qemu_plugin_tb_vaddr(tb);

    (void)id;
    qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD_U64, &total, length);
    if (inner_to != 0) {
        translated_hits(tb, addr, length);
    }
    if (addr >= profile_from && addr < profile_to) {
        struct block *b = block_of(addr, length);

        if (b != NULL) {
            qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD_U64, &b->count, 1);
        }
    }
    for (size_t i = 0; i < length && marks_seen < mark_count; i++) {
        struct insn *insn = qemu_plugin_tb_get_insn(tb, i);

        for (unsigned int m = marks_seen; m < mark_count; m++) {
            if (qemu_plugin_insn_vaddr(insn) == marks[m].addr) {
                qemu_plugin_register_vcpu_insn_exec_cb(insn, reached, 0, &marks[m]);
            }
        }
    }
}

static void finished(plugin_id id, void *arg)
{
    (void)id;
    (void)arg;
    for (size_t i = 0; i < 4096 && profile_to != 0; i++) {
        for (struct block *b = blocks[i]; b != NULL; b = b->next) {
            fprintf(out, "%llx %llu %llu\n", (unsigned long long)b->addr,
                    (unsigned long long)b->length, (unsigned long long)b->count);
        }
    }
    fprintf(out, "total %llu\n", (unsigned long long)total);
    fclose(out);
}

static bool add_mark(const char *text)
{
    const char *colon = strchr(text, ':');
    size_t length = colon == NULL ? 0 : (size_t)(colon - text);

    if (mark_count == MARK_LIMIT || length == 0 || length >= sizeof(marks[0].name)) {
        return false;
    }
    memcpy(marks[mark_count].name, text, length);
    marks[mark_count++].addr = strtoull(colon + 1, NULL, 16);
    return true;
}

static bool range(const char *text, uint64_t *from, uint64_t *to)
{
    const char *colon = strchr(text, ':');

    *from = strtoull(text, NULL, 16);
    *to = colon == NULL ? 0 : strtoull(colon + 1, NULL, 16);
    return *from < *to;
}

static bool option(const char *text)
{
    if (strncmp(text, "mark=", 5) == 0) {
        return add_mark(text + 5);
    }
    if (strncmp(text, "profile=", 8) == 0) {
        return range(text + 8, &profile_from, &profile_to);
    }
    if (strncmp(text, "hits=", 5) == 0) {
        return range(text + 5, &inner_from, &inner_to);
    }
    if (strncmp(text, "out=", 4) == 0) {
        out = fopen(text + 4, "w");
        return out != NULL;
    }
    return false;
}

int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
    (void)info;
    out = stderr;
    for (int i = 0; i < argc; i++) {
        if (!option(argv[i])) {
            fprintf(stderr, "count: bad option %s\n", argv[i]);
            return -1;
        }
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, finished, NULL);
    return 0;
}
