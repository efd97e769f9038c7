# SPDX-License-Identifier: Apache-2.0
sha-src := xen/lib/sha1.c xen/lib/sha256.c xen/lib/sha512.c
measure-src := xen/common/measure/eventlog.c xen/common/measure/text.c $(sha-src)

unit-tests += test_sha
test_sha-src := tests/unit/lib/test_sha.c $(sha-src)
test_sha-libs := -lcrypto

unit-tests += test_measure
test_measure-src := tests/unit/measure/test_measure.c tests/unit/measure/fake_log.c \
                    xen/common/measure/measure.c xen/common/measure/turn.c $(measure-src)

unit-tests += test_measure_text
test_measure_text-src := tests/unit/measure/test_text.c xen/common/measure/text.c

tpm-src := xen/drivers/tpm/commands.c xen/drivers/tpm/crb.c xen/drivers/tpm/reserve.c \
           xen/drivers/tpm/tis.c xen/drivers/tpm/tpm.c
unit-tests += test_tpm_qemu
test_tpm_qemu-src := tests/unit/measure/test_tpm_qemu.c tests/unit/measure/fake_log.c $(tpm-src) \
                     $(measure-src)

unit-tests += test_tis
test_tis-src := tests/unit/measure/test_tis.c tests/unit/measure/fake_log.c $(tpm-src) $(measure-src)
