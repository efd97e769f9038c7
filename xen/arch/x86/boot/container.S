/* SPDX-License-Identifier: Apache-2.0 */
/* The product file: a 32-bit ELF around the hypervisor's image, for loaders that take nothing else. */
    .section .image, "awx", @progbits
    .incbin IMAGE
