/* SPDX-License-Identifier: Apache-2.0 */
/* mark: executes the counted point once; what stands between two of them is one measurement. */
#include "mark.h"

int main(void)
{
    mark();
    return 0;
}
