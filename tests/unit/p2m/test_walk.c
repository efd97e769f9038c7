/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies by a guest's virtual addresses: every paging mode, every right, accessed and dirty bits.
 */
#include "../mem/fake_mem.h"

#include <xen/guest_access.h>
#include <xen/vcpu.h>

#define P 1ull
#define W 2ull
#define U 4ull
#define A 0x20ull
#define D 0x40ull
#define PS 0x80ull
#define NX (1ull << 63)

#define CR0_PG (1ull << 31)
#define CR0_WP (1ull << 16)
#define CR4_PSE (1ull << 4)
#define CR4_PAE (1ull << 5)
#define CR4_SMEP (1ull << 20)
#define CR4_SMAP (1ull << 21)
#define EFER_LMA (1ull << 10)
#define EFER_NXE (1ull << 11)
#define AC (1ull << 18)

/* Guest-physical layout: tables at 0x1000.., data from 0x100000 on (8 pages), RAM up to 4 MiB. */
#define DATA 0x100000ull
#define VA 0x00007f1234567000ull

static struct domain *d;

static uint64_t *entry64(gaddr_t table, unsigned index)
{
    return fake_gaddr(d, table + index * 8);
}

static unsigned idx(vaddr_t va, unsigned level)
{
    return (unsigned)(va >> (12 + 9 * level)) & 511;
}

static uint64_t *leaf; /* entry of VA */

static void long_mode(uint64_t rights)
{
    *entry64(0x1000, idx(VA, 3)) = 0x2000 | P | W | U;
    *entry64(0x2000, idx(VA, 2)) = 0x3000 | P | W | U;
    *entry64(0x3000, idx(VA, 1)) = 0x4000 | P | W | U;
    leaf = entry64(0x4000, idx(VA, 0));
    leaf[0] = DATA | rights;
    leaf[1] = (DATA + 0x3000) | rights; /* the next page lies elsewhere */
    fake_paging = (struct guest_paging){ .cr0 = CR0_PG | CR0_WP, .cr3 = 0x1000, .cr4 = CR4_PAE,
                                         .efer = EFER_LMA | EFER_NXE };
}

static int each_setup(void **state)
{
    (void)state;
    fake_reset();
    d = fake_domain(1, 4096);
    fake_run(d);
    if (mem_populate(d, _gfn(0), 1024)) {
        return -1;
    }
    for (unsigned i = 0; i < 32768; i++) {
        *(uint8_t *)fake_gaddr(d, DATA + i) = (uint8_t)(i ^ (i >> 8) * 5);
    }
    return 0;
}

static int each_teardown(void **state)
{
    (void)state;
    fake_domain_kill(d);
    return (int)fake_domains_alive;
}

static int readable(vaddr_t va)
{
    uint8_t b;

    return copy_from_guest(&b, va, 1);
}

static int writable(vaddr_t va)
{
    uint8_t b = 1;

    return copy_to_guest(va, &b, 1);
}

static void copy_paging_off_is_physical(void **state)
{
    uint64_t v = 0;

    (void)state;
    assert_int_equal(copy_from_guest(&v, DATA + 8, 8), 0);
    assert_memory_equal(&v, fake_gaddr(d, DATA + 8), 8);
    assert_int_equal(readable(4ull << 20), -EFAULT);
    assert_int_equal(readable((1ull << 32) + DATA), 0); /* 32 bits of address */
}

static void copy_long_mode_crosses_pages(void **state)
{
    uint8_t buf[64], want[64];

    (void)state;
    long_mode(P | W);
    memcpy(want, fake_gaddr(d, DATA + 0x1000 - 20), 20);
    memcpy(want + 20, fake_gaddr(d, DATA + 0x3000), 44);
    assert_int_equal(copy_from_guest(buf, VA + 0x1000 - 20, 64), 0);
    assert_memory_equal(buf, want, 64);
    assert_int_equal(copy_from_guest(buf, VA + 0x2000 - 63, 64), -EFAULT); /* third page absent */
    assert_int_equal(fetch_from_guest(buf, VA + 0x2000 - 10, 64), 10);
    memset(buf, 0x77, sizeof(buf));
    assert_int_equal(copy_to_guest(VA + 0x1000 - 3, buf, 7), 0);
    assert_memory_equal(fake_gaddr(d, DATA + 0x1000 - 3), buf, 3);
    assert_memory_equal(fake_gaddr(d, DATA + 0x3000), buf, 4);
    assert_int_equal(*(uint8_t *)fake_gaddr(d, DATA + 0x3004), (uint8_t)(0x3004 ^ 0x30 * 5));
}

static void copy_sets_accessed_and_dirty(void **state)
{
    (void)state;
    long_mode(P | W);
    assert_int_equal(readable(VA), 0);
    assert_int_equal(*leaf & (A | D), A);
    assert_true(*entry64(0x1000, idx(VA, 3)) & A);
    assert_true(*entry64(0x3000, idx(VA, 1)) & A);
    assert_false(*entry64(0x3000, idx(VA, 1)) & D);
    assert_int_equal(writable(VA), 0);
    assert_int_equal(*leaf & (A | D), A | D);
}

static void copy_refused_leaves_bits_alone(void **state)
{
    (void)state;
    long_mode(P); /* read-only */
    assert_int_equal(writable(VA), -EFAULT);
    assert_int_equal(*leaf & (A | D), 0);
}

static void copy_long_mode_absent_levels_fault(void **state)
{
    (void)state;
    for (unsigned level = 0; level < 4; level++) {
        static const gaddr_t table[] = { 0x4000, 0x3000, 0x2000, 0x1000 };

        long_mode(P | W);
        assert_int_equal(readable(VA), 0);
        *entry64(table[level], idx(VA, level)) &= ~P;
        assert_int_equal(readable(VA), -EFAULT);
    }
}

static void copy_not_canonical_faults(void **state)
{
    (void)state;
    long_mode(P | W);
    *entry64(0x1000, 256) = *entry64(0x1000, idx(VA, 3)); /* the lowest negative addresses */
    assert_int_equal(readable((VA & ((1ull << 39) - 1)) | 0xffff800000000000ull), 0);
    assert_int_equal(readable((VA & ((1ull << 39) - 1)) | 0x0000800000000000ull), -EFAULT);
    assert_int_equal(readable(VA | (1ull << 62)), -EFAULT);
}

static void copy_address_wraps_faults(void **state)
{
    uint8_t buf[8];

    (void)state;
    long_mode(P | W);
    *entry64(0x1000, 511) = 0x2000 | P | W;
    *entry64(0x2000, 511) = 0x3000 | P | W;
    *entry64(0x3000, 511) = 0x4000 | P | W;
    *entry64(0x4000, 511) = DATA | P | W;
    assert_int_equal(copy_from_guest(buf, ~0ull - 3, 4), 0);
    assert_int_equal(copy_from_guest(buf, ~0ull - 3, 8), -EFAULT);
}

static void copy_table_outside_memory_faults(void **state)
{
    (void)state;
    long_mode(P | W);
    *entry64(0x3000, idx(VA, 1)) = 0x40000000000ull | P | W;
    assert_int_equal(readable(VA), -EFAULT);
    long_mode(P | W);
    fake_paging.cr3 = 0xffffffffff000ull;
    assert_int_equal(readable(VA), -EFAULT);
    long_mode(P | W);
    *leaf = 0xfffffffff000ull | P | W;
    assert_int_equal(readable(VA), -EFAULT);
}

static void copy_rights_follow_the_processor(void **state)
{
    uint8_t b;

    (void)state;
    /* supervisor, write protection */
    long_mode(P);
    assert_int_equal(readable(VA), 0);
    assert_int_equal(writable(VA), -EFAULT);
    fake_paging.cr0 &= ~CR0_WP;
    assert_int_equal(writable(VA), 0);
    /* a level above takes the right away */
    long_mode(P | W);
    *entry64(0x2000, idx(VA, 2)) &= ~W;
    assert_int_equal(writable(VA), -EFAULT);
    /* user mode */
    long_mode(P | W);
    fake_paging.cpl = 3;
    assert_int_equal(readable(VA), -EFAULT);
    long_mode(P | U);
    fake_paging.cpl = 3;
    assert_int_equal(readable(VA), 0);
    assert_int_equal(writable(VA), -EFAULT);
    fake_paging.cr0 &= ~CR0_WP; /* no help for user mode */
    assert_int_equal(writable(VA), -EFAULT);
    /* SMAP */
    long_mode(P | W | U);
    fake_paging.cr4 |= CR4_SMAP;
    assert_int_equal(readable(VA), -EFAULT);
    fake_paging.rflags = AC;
    assert_int_equal(readable(VA), 0);
    assert_int_equal(writable(VA), 0);
    /* fetch: NX and SMEP */
    long_mode(P | W | NX);
    assert_int_equal(readable(VA), 0);
    assert_int_equal(fetch_from_guest(&b, VA, 1), 0);
    fake_paging.efer &= ~EFER_NXE; /* the bit is reserved then */
    assert_int_equal(readable(VA), -EFAULT);
    long_mode(P | W | U);
    assert_int_equal(fetch_from_guest(&b, VA, 1), 1);
    fake_paging.cr4 |= CR4_SMEP;
    assert_int_equal(fetch_from_guest(&b, VA, 1), 0);
}

static void copy_large_pages_translate(void **state)
{
    uint64_t v;

    (void)state;
    long_mode(P | W);
    *entry64(0x3000, idx(VA, 1)) = 0x200000 | PS | P | W;
    *(uint64_t *)fake_gaddr(d, 0x200000 + (VA & 0x1fffff) + 16) = 0x1122334455667788;
    assert_int_equal(copy_from_guest(&v, VA + 16, 8), 0);
    assert_int_equal(v, 0x1122334455667788);
    *entry64(0x2000, idx(VA, 2)) = 0 | PS | P | W; /* 1 GiB at 0 */
    *(uint64_t *)fake_gaddr(d, 0x8 + (0x12345678 & 0x3ff000)) = 0;
    assert_int_equal(readable((VA & ~0x3fffffffull) + DATA), 0);
    *entry64(0x1000, idx(VA, 3)) = 0 | PS | P | W; /* reserved there */
    assert_int_equal(readable(VA), -EFAULT);
}

static void copy_pae_translates(void **state)
{
    vaddr_t va = 0xc0345678;
    uint64_t v;

    (void)state;
    *entry64(0x1020, 3) = 0x2000 | P;
    *entry64(0x2000, idx(va, 1)) = 0x3000 | P | W;
    *entry64(0x3000, idx(va, 0)) = DATA | P | W | NX;
    fake_paging = (struct guest_paging){ .cr0 = CR0_PG | CR0_WP, .cr3 = 0x1020, .cr4 = CR4_PAE,
                                         .efer = EFER_NXE };
    assert_int_equal(copy_from_guest(&v, va, 8), 0);
    assert_memory_equal(&v, fake_gaddr(d, DATA + 0x678), 8);
    assert_int_equal(writable(va), 0);
    assert_int_equal(fetch_from_guest(&v, va, 1), 0);
    assert_false(*entry64(0x1020, 3) & A);
    assert_int_equal(readable(0x80345678), -EFAULT);
    assert_int_equal(readable(va | 0xffffffff00000000ull), 0); /* only 32 bits count */
}

static void copy_two_levels_translate(void **state)
{
    vaddr_t va = 0xc0345678;
    uint32_t *pde, *pte;
    uint64_t v;

    (void)state;
    pde = fake_gaddr(d, 0x1000 + (va >> 22) * 4);
    pte = fake_gaddr(d, 0x2000 + ((va >> 12) & 1023) * 4);
    *pde = 0x2000 | P | W | U;
    *pte = DATA | P;
    fake_paging = (struct guest_paging){ .cr0 = CR0_PG | CR0_WP, .cr3 = 0x1000 };
    assert_int_equal(copy_from_guest(&v, va, 8), 0);
    assert_memory_equal(&v, fake_gaddr(d, DATA + 0x678), 8);
    assert_int_equal(*pde & (A | D), A);
    assert_int_equal(*pte & (A | D), A);
    assert_int_equal(writable(va), -EFAULT);
    *pde = 0 | PS | P | W; /* 4 MiB at 0, only with PSE */
    fake_paging.cr4 = CR4_PSE;
    *(uint64_t *)fake_gaddr(d, va & 0x3fffff) = 42;
    assert_int_equal(copy_from_guest(&v, va, 8), 0);
    assert_int_equal(v, 42);
    *pde |= 1u << 13; /* address bit 32: beyond memory */
    assert_int_equal(readable(va), -EFAULT);
}

static void copy_table_in_read_only_page_cannot_be_marked(void **state)
{
    struct p2m_batch b;
    struct page_info *pg = page_alloc(d, 0);

    (void)state;
    long_mode(P | W | A | D);
    memcpy(page_to_virt(pg), fake_gaddr(d, 0x4000), PAGE_SIZE);
    p2m_batch_init(&b);
    assert_int_equal(p2m_replace(d, _gfn(4), page_to_mfn(pg), P2M_RAM_RO, P2M_SET_RAM, &b), 0);
    p2m_batch_flush(d, &b);
    assert_int_equal(readable(VA), 0); /* nothing to mark */
    leaf = entry64(0x4000, idx(VA, 0));
    *leaf &= ~(A | D);
    assert_int_equal(readable(VA), -EFAULT);
}

static void copy_within_one_stay_uses_what_was_found_until_the_vcpu_runs(void **state)
{
    uint64_t v = 0;

    (void)state;
    long_mode(P | W);
    fake_paging.epoch = 7;
    assert_int_equal(readable(VA), 0);
    *leaf &= ~P; /* as a processor's TLB: not seen before the vCPU has run */
    assert_int_equal(copy_from_guest(&v, VA + 8, 8), 0);
    assert_memory_equal(&v, fake_gaddr(d, DATA + 8), 8);
    assert_int_equal(writable(VA), -EFAULT); /* found for reading only: the page was not dirty */
    fake_paging.epoch = 8;
    assert_int_equal(readable(VA), -EFAULT);
    /* what the domain itself no longer has is gone at once */
    long_mode(P | W | A | D);
    fake_paging.epoch = 9;
    assert_int_equal(readable(VA), 0);
    assert_int_equal(writable(VA), 0);
    {
        struct p2m_batch b;

        p2m_batch_init(&b);
        assert_int_equal(p2m_unmap(d, _gfn(DATA >> 12), &b), 0);
        p2m_batch_flush(d, &b);
    }
    assert_int_equal(readable(VA), -EFAULT);
    assert_int_equal(writable(VA), -EFAULT);
}

static void fetch_is_decided_each_time(void **state)
{
    uint8_t b;

    (void)state;
    long_mode(P | W | A | D | NX);
    fake_paging.epoch = 7;
    assert_int_equal(readable(VA), 0);
    assert_int_equal(writable(VA), 0);
    assert_int_equal(fetch_from_guest(&b, VA, 1), 0);
}

static void copy_far_frames_translate(void **state)
{
    uint64_t far = (1ull << 35) + 5; /* beyond what the p2m's cache keeps */
    struct page_info *pg = page_alloc(d, 0);
    struct p2m_batch b;
    uint64_t v = 0;

    (void)state;
    assert_int_equal(p2m_map(d, _gfn(far), page_to_mfn(pg), 0, P2M_RAM_RW), 0);
    *(uint64_t *)page_to_virt(pg) = 4711;
    long_mode(P | W);
    *leaf = far << 12 | P | W;
    for (unsigned i = 0; i < 3; i++) {
        uint64_t near;

        assert_int_equal(copy_from_gaddr(d, &near, 5 << 12, 8), 0); /* the same slot */
        assert_int_not_equal(near, 4711);
        assert_int_equal(copy_from_guest(&v, VA, 8), 0);
        assert_int_equal(v, 4711);
    }
    p2m_batch_init(&b);
    assert_int_equal(p2m_unmap(d, _gfn(far), &b), 0);
    p2m_batch_flush(d, &b);
    assert_int_equal(readable(VA), -EFAULT);
}

static void copy_to_read_only_frame_faults(void **state)
{
    struct page_info *pg = page_alloc(d, 0);
    struct p2m_batch b;

    (void)state;
    long_mode(P | W);
    p2m_batch_init(&b);
    assert_int_equal(p2m_replace(d, _gfn(DATA >> 12), page_to_mfn(pg), P2M_GRANT_RO, P2M_SET_RAM,
        &b), 0);
    p2m_batch_flush(d, &b);
    assert_int_equal(readable(VA), 0);
    assert_int_equal(writable(VA), -EFAULT);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, each_setup, each_teardown)
    const struct CMUnitTest tests[] = {
        TEST(copy_paging_off_is_physical),
        TEST(copy_long_mode_crosses_pages),
        TEST(copy_sets_accessed_and_dirty),
        TEST(copy_refused_leaves_bits_alone),
        TEST(copy_long_mode_absent_levels_fault),
        TEST(copy_not_canonical_faults),
        TEST(copy_address_wraps_faults),
        TEST(copy_table_outside_memory_faults),
        TEST(copy_rights_follow_the_processor),
        TEST(copy_large_pages_translate),
        TEST(copy_pae_translates),
        TEST(copy_two_levels_translate),
        TEST(copy_table_in_read_only_page_cannot_be_marked),
        TEST(copy_within_one_stay_uses_what_was_found_until_the_vcpu_runs),
        TEST(fetch_is_decided_each_time),
        TEST(copy_far_frames_translate),
        TEST(copy_to_read_only_frame_faults),
    };

    return cmocka_run_group_tests(tests, fake_setup, NULL);
}
