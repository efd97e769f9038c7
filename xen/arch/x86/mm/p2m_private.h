/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the p2m's files. */
#ifndef X86_MM_P2M_PRIVATE_H
#define X86_MM_P2M_PRIVATE_H

#include "p2m_entry.h"

/*
 * Write lock held. A zeroed table page on the domain's bounded account; 0 when the bound or memory
 * is reached.
 */
uint64_t p2m_table_alloc(struct p2m *p) must_check;
void p2m_table_free(struct p2m *p, uint64_t entry);

#endif
