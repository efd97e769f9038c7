# SPDX-License-Identifier: Apache-2.0
sha-src := xen/lib/sha1.c xen/lib/sha256.c xen/lib/sha512.c

unit-tests += test_sha
test_sha-src := tests/unit/lib/test_sha.c $(sha-src)
test_sha-libs := -lcrypto
