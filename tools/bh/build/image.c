/* SPDX-License-Identifier: Apache-2.0 */
#include "image.h"

#include <stdlib.h>
#include <string.h>

unsigned int image_module(struct image *image, const char *name)
{
    for (unsigned int i = 0; i < image->module_count; i++) {
        if (strcmp(image->modules[i].name, name) == 0) {
            return i;
        }
    }
    /* Two fixed modules, a kernel and a ramdisk for each domain: there is always room. */
    image->modules[image->module_count].name = bh_strdup(name);
    return image->module_count++;
}

void image_free(struct image *image)
{
    for (unsigned int i = 0; i < image->module_count; i++) {
        free(image->modules[i].name);
        buf_free(&image->modules[i].data);
        origin_free(&image->modules[i].origin);
    }
    for (size_t i = 0; i < HOST_DOMAINS_MAX; i++) {
        free(image->domains[i].label);
    }
    buf_free(&image->hypervisor);
    free(image->cmdline);
    *image = (struct image){ 0 };
}
