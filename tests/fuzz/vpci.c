/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest with devices that accesses them at random: each four bytes of the input are an access, or something that the world around does. After
 * each, what must always hold is looked at (tests/unit/vpci/world.h); a broken promise aborts.
 */
#include "manifest_elf_runner.h"
#include "world.h"

#include <string.h>

#include <xen/pci.h>
#include <xen/time.h>

#include "../../xen/common/vpci/vpci_private.h"

bool fuzz_seed_accepted;

enum { PORT_READ, PORT_WRITE, CONFIG, WINDOW, TABLE, BAR, RAISE, PASS, RAM, REMOVE, OPS };

/* Values, and places, that matter. */
static const uint32_t values[] = {
    0, 1, 2, 4, 6, 7, 0x41, 0x406, 0x4000, 0x8000, 0xc000, 0xffff, 0x80000000, 0xffffffff, 0xfee00000, 0xfee02004, 0xc0000000, 0xc0004000,
    0xc0008000, 0xdffff000, 0xe0000000, 0x01000000, 0x00800000, 0xfffff000, 0x00010000, 0x71, 0x710000, 0x80000000u >> 8, 0x10000, 0xc0100000,
    0xfec00000, 0x0000c000,
};

size_t fuzz_seed(uint8_t *buf, size_t max)
{
    size_t n = 1;

    (void)max;
    buf[0] = 15;
    for (unsigned i = 0; i < 160; i++) {
        uint8_t op[] = { (uint8_t)(i % REMOVE), (uint8_t)(i * 37), (uint8_t)(i * 11), (uint8_t)(i / 3) };

        memcpy(buf + n, op, 4);
        n += 4;
    }
    /* All on, and MSI-X with an entry in use. */
    for (unsigned slot = 1; slot <= 4; slot++) {
        uint8_t on[] = { CONFIG, (uint8_t)slot, PCI_COMMAND, 4 };

        memcpy(buf + n, on, 4);
        n += 4;
    }
    memcpy(buf + n, (uint8_t[]){ CONFIG | 0x20, 2, 0x42, 9, TABLE, 2, 3, 0, RAISE, 2, 0, 0, REMOVE, 1, 0, 0 }, 16);
    return n + 16;
}

/* Those that are there, in whatever state. */
static unsigned function_count(void)
{
    unsigned n = 0;

    while (n < IOMMU_DEVICES_MAX && world_d->vpci->function[n].state != VPCI_EMPTY) {
        n++;
    }
    return n;
}

static struct vpci_function *function(unsigned n)
{
    return &world_d->vpci->function[n % function_count()];
}

/* A word of a table, or next to it. */
static void table(unsigned n, unsigned where, uint32_t value, bool write, unsigned size)
{
    const struct vpci_function *f = function(n);
    uint64_t gaddr = f->bar[f->host->msix_bar % PCI_BARS].at + f->host->msix_offset + where;

    if (!vpci_is_memory(world_d, gaddr)) {
        return;
    }
    if (write) {
        vpci_memory_write(world_d, gaddr, size, value);
    } else {
        (void)vpci_memory_read(world_d, gaddr, size);
    }
}

static void act(const uint8_t *b)
{
    unsigned size = 1u << (b[0] >> 5) % 3;
    uint32_t value = values[b[3] % (sizeof(values) / sizeof(values[0]))];

    switch ((b[0] & 31) % OPS) {
    case PORT_READ:
        (void)vpci_port_read(world_d, (uint16_t)(0xcf8 + (b[1] & 7)), size);
        break;
    case PORT_WRITE:
        vpci_port_write(world_d, (uint16_t)(0xcf8 + (b[1] & 7)), size, b[2] & 1 ? value : 0x80000000u | (uint32_t)b[2] << 10 | b[3]);
        break;
    case CONFIG:
        guest_write(b[1] % 6, (b[2] & ~(size - 1)) & 0xff, size, value);
        break;
    case WINDOW:
        vpci_memory_write(world_d, VPCI_WINDOW + ((uint64_t)(b[1] % 6) << 15) + b[2], size, value);
        (void)vpci_memory_read(world_d, VPCI_WINDOW + ((uint64_t)b[1] << 12) + b[2], size);
        break;
    case TABLE:
        table(b[1] & 3, (b[2] & ~3u) << (b[1] >> 6), value, true, b[0] & 0x80 ? size : 4);
        table(b[1] & 3, b[2], value, false, size);
        break;
    case BAR: /* where another one is, or memory */
        guest_write(1 + b[1] % 4, PCI_BAR(b[2] % 6), 4,
                    b[2] & 0x80 ? (uint32_t)function(b[3])->bar[(b[3] >> 2) % PCI_BARS].at : value);
        break;
    case RAISE:
        (void)(b[2] & 1 ? world_raise_only(function(b[1])->host->id, b[2] >> 1 & 31) :
                          world_raise(function(b[1])->host->id, b[2] >> 1 & 31));
        for (unsigned i = 0; i < b[3]; i++) {
            (void)world_raise(function(b[1])->host->id, b[2] >> 1 & 31);
        }
        break;
    case PASS:
        world_pass(b[1] * NS_PER_MS / 64);
        world_run_cpus();
        break;
    case RAM:
        world_ram((uint64_t)value + ((uint64_t)b[1] << 12), b[2] & 1);
        break;
    default:
        if (b[2] == 0) {
            vpci_remove(world_d, b[1] % function_count());
        }
        world_map_fails = b[2] & 1 ? b[3] : 0;
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    world_start((data[0] & 15) != 0 ? data[0] & 15 : 15);
    world_check();
    for (size_t at = 1; at + 4 <= size && at < 4000; at += 4) {
        act(data + at);
        world_check();
    }
    fuzz_seed_accepted = true;
    world_end();
    return 0;
}
