/* SPDX-License-Identifier: Apache-2.0 */
/* xen/lib compiled beside the C library: the same sources under names with a prefix. */
#include "renamed.h"

#define memcpy hv_memcpy
#define memmove hv_memmove
#define memset hv_memset
#define memcmp hv_memcmp
#define memchr hv_memchr
#define strlen hv_strlen
#define strnlen hv_strnlen
#define strcmp hv_strcmp
#define strncmp hv_strncmp
#define strchr hv_strchr
#define vsnprintf hv_vsnprintf
#define snprintf hv_snprintf

#include "../../../xen/lib/parse.c"
#include "../../../xen/lib/printf.c"
#include "../../../xen/lib/string.c"
