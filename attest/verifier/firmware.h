/* SPDX-License-Identifier: Apache-2.0 */
/* A firmware's profile: the final values of the PCRs that are of it and of no image, out of an event log. */
#ifndef VERIFIER_FIRMWARE_H
#define VERIFIER_FIRMWARE_H

#include <attest/eventlog.h>
#include <attest/refset.h>

/*
 * 4 has the loader, which is compared by itself, and 5 the disk's partition table: those are of an image. 1 has the
 * machine's settings, boot entries and tables, which other devices or a vendor's menu change.
 */
#define FIRMWARE_PCRS 0xcfu
#define FIRMWARE_PCRS_USUAL 0xcdu

/** The events of a PCR, for people: "EV_SEPARATOR df3f619804a9, ...", cut when long. @return to be freed, NULL */
char *firmware_events(const struct event_log *log, unsigned int pcr);

/**
 * Make a set of the log's values of these PCRs, that is in force for ever and whose name and firmware are `name`.
 * @return NULL with err: a PCR without an event, no SHA-256, or a name that is none
 */
struct refset *firmware_profile(const struct event_log *log, const char *name, uint32_t pcrs, struct attest_error *err);

#endif /* VERIFIER_FIRMWARE_H */
