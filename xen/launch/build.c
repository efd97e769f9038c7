/* SPDX-License-Identifier: Apache-2.0 */
#include "build.h"

#include <xen/cmdline.h>
#include <xen/console.h>
#include <xen/errno.h>
#include <xen/evtchn.h>
#include <xen/grant.h>
#include <xen/guest_access.h>
#include <xen/iommu.h>
#include <xen/lib.h>
#include <xen/measure.h>
#include <xen/time.h>
#include <xen/tpm.h>
#include <xen/vpci.h>

#include <public/grant_table.h>

/* Ports and grants fixed by construction (docs/formats.md). */
#define PORT_XENSTORE 1
#define PORT_CONSOLE 2

/*
 * Beside its RAM a domain's account pays for its shared_info, grant frames, vcpu_info pages and what it
 * balloons during operation: 1 MiB, as Xen's toolstack allows.
 */
#define ACCOUNT_SLACK_PAGES 256

/*
 * State of the hash over one kernel's pages. Domains with the same kernel have the same pages at the same
 * frames first, copied from the same module before any domain runs, so that each kernel is hashed once.
 */
#define HASH_PIECE_PAGES 16
#define KERNEL_CACHE 8
static struct {
    const uint8_t *kernel;
    struct sha256 after;
} kernel_cache[KERNEL_CACHE];

uint64_t launch_pages(const struct launch_domain *ld)
{
    return ld->plan.pages;
}

int launch_check(struct launch_domain *ld, struct launch_error *err)
{
    int ret = pvh_plan(&ld->in, &ld->plan, err);

    if (ret != 0) {
        return ret;
    }
    if (ld->label != NULL) {
        ret = xsm_context_to_sid(ld->label, strlen(ld->label), &ld->config.sid);
        if (ret != 0) {
            return launch_fail(err, ret, "domain %s: security-id %s: not a context of the policy (error "
                               "%d)", ld->in.name, ld->label, -ret);
        }
    }
    if (ld->in.tpm && tpm_is_present() && !tpm_is_shareable()) {
        return launch_fail(err, -EOPNOTSUPP, "domain %s: bulkhead,tpm-locality: this TPM has one "
                           "locality, which is the hypervisor's", ld->in.name);
    }
    if (ld->in.pci && strcmp(iommu_name(), "none") == 0) {
        return launch_fail(err, -ENODEV, "domain %s: bulkhead,devices: there is no IOMMU to hold them", ld->in.name);
    }
    ret = launch_ask(ld, err);
    if (ret != 0) {
        return ret;
    }
    ld->config.max_pages = max(ld->config.max_pages, ld->plan.pages) + ACCOUNT_SLACK_PAGES;
    return 0;
}

/* -- memory -------------------------------------------------------------------------------------- */

static int domain_populate(void *arg, uint64_t first, uint64_t count)
{
    return mem_populate(arg, _gfn(first), count);
}

static int domain_write(void *arg, gaddr_t at, const void *data, size_t size)
{
    return copy_to_gaddr(arg, at, data, size);
}

struct page_view {
    struct domain *d;
    struct page_info *held;
};

static const uint8_t *domain_page(void *arg, uint64_t gfn)
{
    struct page_view *view = arg;
    enum p2m_type type;

    if (view->held != NULL) {
        page_put(view->held);
    }
    view->held = p2m_get_page(view->d, _gfn(gfn), false, &type);
    return view->held != NULL ? page_to_virt(view->held) : NULL;
}

/* Domains with the same kernel go on from where its pages end. */
static void hash_begin(struct launch_domain *ld)
{
    struct launch_job *job = &ld->job;
    unsigned i = 0;

    while (i < KERNEL_CACHE && kernel_cache[i].kernel != NULL && kernel_cache[i].kernel != ld->in.kernel) {
        i++;
    }
    if (i < KERNEL_CACHE && kernel_cache[i].kernel != NULL) {
        job->hash = kernel_cache[i].after;
        job->range = ld->plan.kernel_range_count;
    } else {
        sha256_init(&job->hash);
        job->range = 0;
    }
    job->page = 0;
}

static void hash_note_kernel(const struct launch_domain *ld)
{
    unsigned i = 0;

    while (i < KERNEL_CACHE && kernel_cache[i].kernel != NULL) {
        i++;
    }
    if (i < KERNEL_CACHE) {
        kernel_cache[i].kernel = ld->in.kernel;
        kernel_cache[i].after = ld->job.hash;
    }
}

/* @return 0 all pages are in; -ERESTART there is more; -EFAULT */
static int hash_piece(struct launch_domain *ld)
{
    struct launch_job *job = &ld->job;
    const struct launch_range *r = &ld->plan.range[job->range];
    struct launch_range part = { r->first + job->page, min(r->count - job->page, (uint64_t)HASH_PIECE_PAGES) };
    struct page_view view = { .d = ld->d };
    int ret;

    if (job->range == ld->plan.range_count) {
        return 0;
    }
    ret = launch_digest_pages(&job->hash, &part, domain_page, &view);
    if (view.held != NULL) {
        page_put(view.held);
    }
    job->page += part.count;
    if (job->page == r->count) {
        job->page = 0;
        job->range++;
        if (job->range == ld->plan.kernel_range_count) {
            hash_note_kernel(ld);
        }
    }
    return ret != 0 ? ret : -ERESTART;
}

/* The map that XENMEM_memory_map gives; the same that start_info has. */
static int set_memory_map(struct launch_domain *ld)
{
    struct memmap_entry map[PVH_REGION_MAX];
    unsigned i;

    for (i = 0; i < ld->plan.region_count; i++) {
        map[i].addr = ld->plan.region[i].start;
        map[i].size = ld->plan.region[i].size;
        map[i].type = ld->plan.region[i].type;
    }
    return memory_map_set(ld->d, map, ld->plan.region_count);
}

static void set_devices(struct launch_domain *ld)
{
    unsigned i;

    BUILD_ASSERT(MANIFEST_IOPORT_MAX <= DOMAIN_IOPORT_RANGES);
    for (i = 0; i < ld->ioport_count; i++) {
        ld->d->ioports[i].first = ld->ioports[i][0];
        ld->d->ioports[i].last = ld->ioports[i][1];
    }
    ld->d->ioport_range_count = ld->ioport_count;
}

static int map_tpm(struct launch_domain *ld)
{
    mfn_t page = _mfn(tpm_locality_maddr(0) >> PAGE_SHIFT);

    if (!ld->in.tpm) {
        return 0;
    }
    if (!tpm_is_present()) {
        pr_warn("domain %s asks for the TPM, there is none (tpm=none)", ld->in.name);
        return 0;
    }
    write_once(ld->d->has_tpm, true);
    return p2m_map(ld->d, _gfn(PVH_TPM >> PAGE_SHIFT), page, P2M_ORDER_4K, P2M_MMIO_DIRECT);
}

static bool is_measured(void)
{
    return options.tpm != TPM_NONE;
}

static int measure(const struct launch_domain *ld, const uint8_t digest[SHA256_SIZE])
{
    char label[XSM_CONTEXT_MAX];
    int ret = xsm_sid_to_context(ld->config.sid, label, sizeof(label), NULL);

    return ret != 0 ? ret : measure_domain(ld->config.domid, ld->in.name, label, digest,
                                           ld->start_count + 1);
}

/* After all that is hashed. @return 0 they are all there; -ERESTART again, resets take time; else an error */
static int devices_piece(struct launch_domain *ld, struct launch_error *err)
{
    unsigned i = ld->job.device;
    const char *why = NULL;
    int ret;

    BUILD_ASSERT(MANIFEST_DEVICE_MAX <= IOMMU_DEVICES_MAX);
    if (i == ld->device_count) {
        return 0;
    }
    ret = vpci_attach(ld->d, ld->devices[i], &ld->device_terms[i], &why);
    if (ret == 0) {
        ld->job.device++;
        return -ERESTART;
    }
    return ret == -ERESTART ? ret :
           launch_fail(err, ret, "domain %s: bulkhead,devices: %02x:%02x.%x: %s (error %d)", ld->in.name,
                       ld->devices[i] >> 8, ld->devices[i] >> 3 & 31, ld->devices[i] & 7, why, -ret);
}

/* digest NULL: not measured */
static void report(const struct launch_domain *ld, const uint8_t *digest, uint64_t began_ns)
{
    char text[sizeof("digest sha256:") + 2 * SHA256_SIZE] = "not measured";
    int at = digest != NULL ? snprintf(text, sizeof(text), "digest sha256:") : 0;

    for (unsigned i = 0; digest != NULL && i < SHA256_SIZE; i++) {
        snprintf(text + at + 2 * i, 3, "%02x", digest[i]);
    }
    pr_info("domain %u %s: built in %llu ms, %llu MiB, %u vCPU%s, %s", ld->config.domid,
            ld->in.name, (unsigned long long)((time_now_ns() - began_ns) / NS_PER_MS),
            (unsigned long long)(ld->in.memory_kib >> 10), ld->in.vcpu_count,
            ld->in.vcpu_count == 1 ? "" : "s", text);
}

int launch_build_begin(struct launch_domain *ld, struct launch_error *err)
{
    int ret;

    memset(&ld->job, 0, sizeof(ld->job));
    ld->job.began_ns = time_now_ns();
    ld->config.start_count = ld->start_count + 1;
    ret = domain_create(&ld->config, &ld->d);
    if (ret != 0) {
        return launch_fail(err, ret, "domain %s: cannot be created (error %d)", ld->in.name, -ret);
    }
    ret = ld->in.pci ? iommu_prepare(ld->d) : 0;
    if (ret == 0 && ld->in.pci) {
        ret = vpci_create(ld->d);
    }
    return ret == 0 ? 0 : launch_fail(err, ret, "domain %s: no tables for its devices (error %d)", ld->in.name, -ret);
}

/* All its memory is written. Without a TPM nobody could ever check a digest: it is not computed. */
static int build_filled(struct launch_domain *ld, struct launch_error *err)
{
    int ret = map_tpm(ld);

    if (ret == 0) {
        ret = set_memory_map(ld);
    }
    if (ret != 0) {
        return launch_fail(err, ret, "domain %s: cannot be set up (error %d)", ld->in.name, -ret);
    }
    set_devices(ld);
    arch_vcpu_set_pvh(ld->d->vcpu[0], ld->plan.vcpu.entry, ld->plan.vcpu.start_info);
    hash_begin(ld);
    ld->job.stage = is_measured() ? LAUNCH_HASH : LAUNCH_DEVICES;
    return -ERESTART;
}

int launch_build_piece(struct launch_domain *ld, struct launch_error *err)
{
    struct launch_sink sink = { .arg = ld->d, .populate = domain_populate, .write = domain_write };
    int ret;

    if (ld->job.stage == LAUNCH_FILL) {
        ret = pvh_build_piece(&ld->in, &ld->plan, &sink, &ld->job.fill, err);
        return ret != 0 ? ret : build_filled(ld, err);
    }
    if (ld->job.stage == LAUNCH_HASH) {
        ret = hash_piece(ld);
        if (ret == 0) {
            ld->job.stage = LAUNCH_DEVICES;
        } else if (ret != -ERESTART) {
            return launch_fail(err, ret, "domain %s: cannot be measured (error %d)", ld->in.name, -ret);
        }
        return -ERESTART;
    }
    if (ld->job.stage == LAUNCH_DEVICES) {
        ret = devices_piece(ld, err);
        if (ret != 0) {
            return ret;
        }
        ld->job.stage = LAUNCH_MEASURE;
    }
    return 0;
}

/* Of the domain that has locality 0 there is nobody left who would let the TPM go. */
int launch_turn(const struct launch_domain *ld)
{
    return is_measured() ? measure_turn(ld->in.tpm ? 0 : MEASURE_PATIENCE_NS) : 0;
}

void launch_turn_end(void)
{
    if (is_measured()) {
        measure_turn_end();
    }
}

/* The digest goes into the TPM before the domain can run. */
int launch_measure_domain(struct launch_domain *ld, struct launch_error *err)
{
    uint8_t digest[SHA256_SIZE];
    int ret;

    if (is_measured()) {
        launch_digest_finish(&ld->job.hash, &ld->plan.vcpu, digest);
        ret = measure(ld, digest);
        if (ret != 0) {
            return launch_fail(err, ret, "domain %s: cannot be measured (error %d)", ld->in.name, -ret);
        }
    }
    ld->start_count++;
    report(ld, is_measured() ? digest : NULL, ld->job.began_ns);
    return 0;
}

int launch_build(struct launch_domain *ld, struct launch_error *err)
{
    int ret = launch_build_begin(ld, err);

    if (ret == 0) {
        do {
            ret = launch_build_piece(ld, err);
        } while (ret == -ERESTART);
    }
    if (ret == 0) {
        do {
            ret = launch_turn(ld);
        } while (ret == -ERESTART);
        if (ret != 0) {
            return launch_fail(err, ret, "domain %s: no turn at the TPM (error %d)", ld->in.name, -ret);
        }
        ret = launch_measure_domain(ld, err);
        launch_turn_end();
    }
    return ret;
}

/* -- channels ------------------------------------------------------------------------------------ */

static void set_param(struct domain *d, unsigned index, uint64_t value)
{
    spin_lock(&d->hvm_lock);
    d->hvm_params[index] = value;
    spin_unlock(&d->hvm_lock);
}

static int offer(struct domain *d, int remote, evtchn_port_t port, uint32_t grant, uint64_t gfn)
{
    int ret = evtchn_alloc_unbound(d, (domid_t)remote, &port);

    return ret != 0 ? ret : grant_seed(d, grant, (domid_t)remote, _gfn(gfn));
}

static int connect_xenstore(struct domain *d, int remote)
{
    if (remote < 0 || d->id == (domid_t)remote) {
        return 0;
    }
    set_param(d, HVM_PARAM_STORE_PFN, PVH_STORE_GFN);
    set_param(d, HVM_PARAM_STORE_EVTCHN, PORT_XENSTORE);
    return offer(d, remote, PORT_XENSTORE, GNTTAB_RESERVED_XENSTORE, PVH_STORE_GFN);
}

/* The console domain's own console, and all where there is none, are drained by the hypervisor. */
static int connect_console(struct domain *d, int remote)
{
    set_param(d, HVM_PARAM_CONSOLE_PFN, PVH_CONSOLE_GFN);
    set_param(d, HVM_PARAM_CONSOLE_EVTCHN, PORT_CONSOLE);
    if (remote < 0 || d->id == (domid_t)remote) {
        return console_ring_init(d, _gfn(PVH_CONSOLE_GFN), PORT_CONSOLE);
    }
    return offer(d, remote, PORT_CONSOLE, GNTTAB_RESERVED_CONSOLE, PVH_CONSOLE_GFN);
}

int launch_connect(struct launch_domain *ld, const struct launch_services *services,
                   struct launch_error *err)
{
    int ret = connect_xenstore(ld->d, services->xenstore_domid);

    if (ret != 0) {
        return launch_fail(err, ret, "domain %s: no channel to the xenstore domain (error %d)",
                           ld->in.name, -ret);
    }
    ret = connect_console(ld->d, services->console_domid);
    if (ret != 0) {
        return launch_fail(err, ret, "domain %s: no console channel (error %d)", ld->in.name, -ret);
    }
    return 0;
}
