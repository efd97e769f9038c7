/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Console logs, as `bh policy` reads them. Twice each: as a log, of which whatever comes out must be made of names; and as what a domain
 * prints, which the hypervisor puts behind the domain's number line by line, and of which nothing may come out.
 */
#include <stdlib.h>
#include <string.h>

#include "../../tools/bh/build/buf.h"
#include "../../tools/bh/policy/avc_log.h"
#include "manifest_elf_runner.h"

bool fuzz_seed_accepted;

static const char seed[] =
    "(XEN) domain 1 xenstore: built in 55 ms, 32 MiB, 1 vCPU\n"
    "(XEN) domain 5 control: built in 446 ms, 160 MiB, 1 vCPU\r\n"
    "(XEN) flask-trace: what the policy grants is on the console\n"
    "(XEN) avc:  granted  { map_read map_write } for domid=1 target=2 gref=1 op=GNTTABOP_map_grant_ref scontext=system_u:system_r:xenstore_t "
    "tcontext=system_u:system_r:stordd_t tclass=grant_op\n"
    "(XEN) avc:  denied  { send } for domid=5 target=3 port=7 scontext=u:r:a_t:s0 tcontext=u:r:b_t:s0 tclass=event permissive=1\n"
    "(XEN) avc:  revoked  { bind } for domid=0 target=0 port=3 scontext=u:r:a_t tcontext=u:r:b_t tclass=event how=drop\n"
    "(XEN) avc:  lost 254 messages scontext=u:r:a_t\n"
    "(d1) avc:  denied  { write } for domid=6 path=/x/y scontext=u:r:a_t tcontext=u:r:b_t tclass=xenstore\n"
    "(d5) avc:  granted  { restart } for operator=al via=tls domain=netdd scontext=u:r:o_t tcontext=u:r:b_t tclass=operator permissive=0\n"
    "(d5) avc:  2 decisions about operator=al not shown\n"
    "(d6) avc:  denied  { write } for domid=6 scontext=u:r:a_t tcontext=u:r:b_t tclass=xenstore permissive=0\n";

size_t fuzz_seed(uint8_t *buf, size_t max)
{
    if (sizeof(seed) - 1 > max) {
        abort();
    }
    memcpy(buf, seed, sizeof(seed) - 1);
    return sizeof(seed) - 1;
}

static void must_be_name(const char *text)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");

    if (n == 0 || text[n] != '\0') {
        abort();
    }
}

static void check(const struct avc_log *log)
{
    for (size_t i = 0; i < log->count; i++) {
        const struct avc_decision *d = &log->list[i];

        must_be_name(d->source);
        must_be_name(d->target);
        must_be_name(d->tclass);
        for (size_t k = 0; k < d->perm_count; k++) {
            must_be_name(d->perms[k]);
        }
        if (d->perm_count == 0 || d->count == 0 || d->first.line == 0 || d->last.line < d->first.line || d->permissive > d->count) {
            abort();
        }
        fuzz_seed_accepted = fuzz_seed_accepted || d->kind == AVC_REVOKED;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct avc_log log = { 0 };
    struct buf said = { 0 };
    const char *text = (const char *)data;

    avc_log_add(&log, "log", text, size);
    avc_log_end(&log);
    check(&log);
    avc_log_free(&log);

    log = (struct avc_log){ 0 };
    for (size_t at = 0; at < size;) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t n = end != NULL ? (size_t)(end - text) - at + 1 : size - at;

        buf_puts(&said, "(d7) ");
        buf_put(&said, text + at, n);
        at += n;
    }
    avc_log_add(&log, "log", said.data != NULL ? said.data : "", said.len);
    avc_log_end(&log);
    if (log.count != 0 || log.lines != 0 || log.lost != 0 || log.odd_count != 0 || log.traced) {
        abort();
    }
    avc_log_free(&log);
    buf_free(&said);
    return 0;
}
