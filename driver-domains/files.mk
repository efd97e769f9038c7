# SPDX-License-Identifier: Apache-2.0
# The example's guest lives outside the folders that make searches.
include examples/guest/files.mk
