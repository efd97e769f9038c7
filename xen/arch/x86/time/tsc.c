/* SPDX-License-Identifier: Apache-2.0 */
/* System time from the TSC, whose rate is measured at boot against the ACPI PM timer or, without one, the PIT. */
#include <asm/time.h>

#include <asm/cpu.h>
#include <asm/io.h>
#include <asm/lapic.h>
#include <xen/acpi.h>
#include <xen/lib.h>
#include <xen/time.h>

#define PM_TIMER_HZ 3579545ull
#define PIT_HZ 1193182ull
#define CALIBRATE_MS 10

static uint64_t tsc_boot, tsc_khz_value;
static uint32_t mul; /* ns = (tsc * 2^shift) * mul >> 32 */
static int8_t shift;
static uint64_t wallclock_boot_s;

static void wait_pm_timer(void)
{
    uint16_t port = (uint16_t)acpi_info.pm_timer_port;
    uint32_t start = inl(port) & 0xffffff;
    uint32_t ticks = (uint32_t)(PM_TIMER_HZ * CALIBRATE_MS / 1000);

    while (((inl(port) - start) & 0xffffff) < ticks) {
        cpu_relax();
    }
}

static void wait_pit(void)
{
    uint16_t count = (uint16_t)(PIT_HZ * CALIBRATE_MS / 1000);

    outb(0x61, (uint8_t)((inb(0x61) & 0xfd) | 1));
    outb(0x43, 0xb0); /* channel 2, mode 0 */
    outb(0x42, (uint8_t)count);
    outb(0x42, (uint8_t)(count >> 8));
    while (!(inb(0x61) & 0x20)) {
        cpu_relax();
    }
}

static void set_scale(uint64_t hz)
{
    uint64_t rate = hz;

    /* Bring hz into (2^32 / 1e9 ... ) so that mul keeps 32 significant bits. */
    shift = 0;
    while (rate > 2 * NS_PER_S) {
        rate >>= 1;
        shift--;
    }
    while (rate <= NS_PER_S) {
        rate <<= 1;
        shift++;
    }
    mul = (uint32_t)(((NS_PER_S << 32) / rate));
}

static uint64_t scale(uint64_t delta)
{
    delta = shift < 0 ? delta >> -shift : delta << shift;
    return (uint64_t)((unsigned __int128)delta * mul >> 32);
}

uint64_t time_now_ns(void)
{
    return scale(rdtsc() - tsc_boot);
}

uint64_t tsc_khz(void)
{
    return tsc_khz_value;
}

void tsc_scale(uint64_t *base, uint32_t *mult, int8_t *sh)
{
    *base = tsc_boot;
    *mult = mul;
    *sh = shift;
}

static uint8_t cmos(uint8_t reg)
{
    outb(0x70, reg);
    return inb(0x71);
}

static unsigned from_bcd(uint8_t v, bool bcd)
{
    return bcd ? (v & 15u) + (v >> 4) * 10u : v;
}

/* Days since 1970 of a date of the Gregorian calendar. */
static uint64_t days_since_epoch(unsigned y, unsigned m, unsigned d)
{
    uint64_t yy = m <= 2 ? y - 1 : y, era = yy / 400, yoe = yy % 400;
    uint64_t doy = (153 * (m + (m > 2 ? -3u : 9u)) + 2) / 5 + d - 1;

    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static void read_rtc(void)
{
    bool bcd = !(cmos(0x0b) & 4);
    unsigned s, mi, h, d, mo, y, again;

    for (unsigned tries = 0; tries < 100000 && (cmos(0x0a) & 0x80); tries++) {
    }
    do {
        s = from_bcd(cmos(0), bcd);
        mi = from_bcd(cmos(2), bcd);
        h = from_bcd(cmos(4) & 0x7f, bcd);
        d = from_bcd(cmos(7), bcd);
        mo = from_bcd(cmos(8), bcd);
        y = from_bcd(cmos(9), bcd) + 2000;
        again = from_bcd(cmos(0), bcd);
    } while (again != s);
    if (mo >= 1 && mo <= 12 && d >= 1) {
        wallclock_boot_s = days_since_epoch(y, mo, d) * 86400 + h * 3600 + mi * 60 + s;
    }
}

uint64_t time_wallclock_boot_s(void)
{
    return wallclock_boot_s;
}

void time_init(void)
{
    void (*wait)(void) = acpi_info.pm_timer_port ? wait_pm_timer : wait_pit;
    uint64_t t0 = rdtsc();

    wait();
    tsc_khz_value = (rdtsc() - t0) / CALIBRATE_MS;
    if (!tsc_khz_value) {
        panic("boot: the TSC does not count");
    }
    set_scale(tsc_khz_value * 1000);
    lapic_timer_calibrate(wait);
    read_rtc();
    tsc_boot = rdtsc();
    pr_info("TSC runs at %lu.%03lu MHz", tsc_khz_value / 1000, tsc_khz_value % 1000);
}
