/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bulkhead.efi: the hypervisor, its command line and its modules as sections of one EFI program, with
 * the stub of xen/arch/x86/boot/efi_stub.c as its code. Firmware measures all of it at once (PCR 4),
 * and checks one signature over all of it.
 */
#ifndef BH_BUILD_EFI_IMAGE_H
#define BH_BUILD_EFI_IMAGE_H

#include "image.h"

#define EFI_IMAGE_PATH "bulkhead.efi"

/**
 * Make the program.
 *
 * @param stub  the stub as the build made it
 * @param out   empty; gets the program's bytes when all is well
 */
bool efi_image_make(const struct image *image, const struct buf *stub, struct buf *out,
                    struct diag *diag);

#endif
