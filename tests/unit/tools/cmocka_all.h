/* SPDX-License-Identifier: Apache-2.0 */
/* cmocka.h wants these before it. */
#ifndef TESTS_UNIT_TOOLS_CMOCKA_ALL_H
#define TESTS_UNIT_TOOLS_CMOCKA_ALL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#endif
