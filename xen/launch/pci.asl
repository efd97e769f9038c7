/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host bridge of a domain that has devices: bus 0, and where registers may be. Addresses are those of <xen/vpci.h>.
 * Source: ACPI Specification 6.4, 6.1.5, 6.2.2, 6.4.3; PCI Firmware Specification 3.3, 4.1.
 */
DefinitionBlock ("", "SSDT", 2, "BLKHD ", "BULKHEAD", 1)
{
    Scope (\_SB)
    {
        Device (PCI0)
        {
            Name (_HID, EisaId ("PNP0A08"))
            Name (_CID, EisaId ("PNP0A03"))
            Name (_UID, 0)
            Name (_SEG, 0)
            Name (_BBN, 0)
            Name (_CCA, 1)
            Name (_PRT, Package ()
            {
                Package () { 0x0001ffff, 0, Zero, 16 },
                Package () { 0x0002ffff, 0, Zero, 17 },
                Package () { 0x0003ffff, 0, Zero, 18 },
                Package () { 0x0004ffff, 0, Zero, 19 }
            })
            Name (_CRS, ResourceTemplate ()
            {
                WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode, 0, 0, 0, 0, 1)
                IO (Decode16, 0x0cf8, 0x0cf8, 1, 8)
                DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,
                             0, 0xc0000000, 0xdfffffff, 0, 0x20000000)
            })
        }
    }
}
