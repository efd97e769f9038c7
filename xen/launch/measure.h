/* SPDX-License-Identifier: Apache-2.0 */
/* The first measurements, before a policy or manifest takes effect. */
#ifndef LAUNCH_MEASURE_H
#define LAUNCH_MEASURE_H

#include <xen/boot.h>

/*
 * The first event's text. It stands in the image as it is, so that tools find it there: the bytes
 * "bulkhead version=" up to the NUL.
 */
extern const char launch_version_text[];

/**
 * Find the TPM, take over the firmware's log, measure version, command line and protection. Panics when
 * there is no TPM and tpm=none was not given, or when anything cannot be measured.
 */
void launch_measure(const struct boot_info *bi);

#endif
