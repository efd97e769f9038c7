/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Child processes: started, watched and ended by their own pid, and gone when bh is gone, even if
 * bh is killed. Also time and the signals that ask bh to stop.
 */
#ifndef BH_RUN_PROC_H
#define BH_RUN_PROC_H

#include <sys/types.h>

struct proc {
    pid_t pid;  /* 0: not running */
    int in;     /* our end of its standard input, or -1 */
    int out;    /* our end of its standard output, or -1 */
    int status; /* of waitpid(), once it has ended */
};

#define PROC_NONE ((struct proc){ 0, -1, -1, 0 })

#define PROC_PIPE_IN 1  /* give it a standard input that we write */
#define PROC_PIPE_OUT 2 /* give it a standard output that we read */

/** Install the handlers: SIGINT, SIGTERM and SIGHUP set a flag, SIGPIPE is ignored. */
void proc_signals(void);

/** The signal that asked us to stop, or 0. */
int proc_stop_requested(void);

/** Seconds since the first call, by the monotonic clock. */
double proc_seconds(void);

/**
 * Start a program, looked up in PATH, or a function when argv[0] is not to be executed.
 *
 * @param argv   words, NULL-terminated
 * @param body   NULL to execute argv; else called in the child with argv, its result is the status
 * @param log    file that gets standard error (and output without PROC_PIPE_OUT), or NULL for ours
 * @param flags  PROC_PIPE_*
 * @return 0; -1 with a line on stderr
 */
int proc_start(struct proc *proc, char *const *argv, int (*body)(int argc, char **argv),
               const char *log, int flags);

/** Whether it still runs; reaps it if not. */
int proc_running(struct proc *proc);

/** Wait for its end. @return exit status; 128 + signal; -1 still running after `seconds` or stop */
int proc_wait(struct proc *proc, double seconds);

/** End it: SIGTERM, after `grace` seconds SIGKILL; closes the pipes. May be called again. */
void proc_end(struct proc *proc, double grace);

#endif
