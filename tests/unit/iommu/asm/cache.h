/* SPDX-License-Identifier: Apache-2.0 */
/* Caches for host tests: units that do not look into them see what was written back. */
#ifndef FAKE_ASM_CACHE_H
#define FAKE_ASM_CACHE_H

#define CACHE_LINE 64u

void cache_write_back(const volatile void *p);

#endif
