/* SPDX-License-Identifier: Apache-2.0 */
#include <control/protocol.h>

#include <string.h>

const struct frame_form control_form = { { 'B', 'H', 'C', '1' }, CONTROL_FRAME_MAX };

int control_word_is_good(const char *word)
{
    size_t len = strlen(word);

    return len >= 1 && len <= CONTROL_WORD_MAX
           && strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@") == len;
}
