/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "renamed.h"

#include "stubdoms/runtime/printf.c"
