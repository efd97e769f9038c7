/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes that init keeps alive. A service is started once by service_add() and again each
 * time it ends, with a pause that doubles from 1 s to 32 s while it keeps dying young.
 */
#ifndef DRIVER_DOMAINS_SERVICES_H
#define DRIVER_DOMAINS_SERVICES_H

#define SERVICES_MAX 8

enum service_kind {
    SERVICE_DAEMON,
    SERVICE_CONSOLE, /* own session with /dev/console as its terminal */
};

/**
 * Start a program and keep it running.
 *
 * @param argv  NULL-terminated words, argv[0] an absolute path; borrowed for ever
 * @return 0; -1 with errno ENOSPC (SERVICES_MAX reached) or that of fork()
 */
int service_add(char *const *argv, enum service_kind kind);

/**
 * Run a program to its end.
 *
 * @return 0 it ended with status 0; -1 with errno ECANCELED (other status, told on stderr) or fork()'s
 */
int service_once(char *const *argv);

/** Collect what has ended, and restart the services whose pause is over. */
void services_reap(void);

/** Seconds until services_reap() has something to restart; at most 60. */
int services_wait(void);

/** End every process: politely, then after 2 s not. */
void services_stop(void);

#endif
