/* SPDX-License-Identifier: Apache-2.0 */
/* Verifying at an interval. Only changes are told: of the verdict, or of the reasons of a failure. */
#include "cli.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <attest/error.h>

#include "tell.h"

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
    (void)signal;
    stopped = 1;
}

/* One question. @return an exit status */
static int once(const struct options *o)
{
    const struct attempt a = attest_options_attempt(o);
    struct attest_error err = {""};
    struct outcome out;
    int rc = attempt_run(&a, &out, &err), result, more = 0;

    if (rc == 0) {
        result = verdict_passes(&out.verdict) ? 0 : EXIT_FAIL;
        more = cli_write_token(o, &out);
        more = cli_save_log(o, &out.evidence) != 0 ? EXIT_USAGE : more;
        tell_change(o, o->host, &out, result == 0 ? "PASS" : "FAIL");
    } else if (rc == -ETIMEDOUT) {
        result = EXIT_NO_ANSWER;
        tell_change(o, o->host, &out, "NO-ANSWER");
    } else { /* such as a reference that is being replaced: told each time, and tried again */
        result = cli_error(&err);
    }
    outcome_free(&out);
    return result != 0 ? result : more;
}

/* By a clock that nobody sets. @return false when a signal ended it */
static bool sleep_until(int64_t end_ms)
{
    sigset_t set;
    int got;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    do {
        const int64_t now = stream_now_ms(), ms = end_ms > now ? end_ms - now : 0;
        const struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

        got = sigtimedwait(&set, NULL, &left);
    } while (got < 0 && errno == EINTR);
    return got < 0 && !stopped;
}

int cli_watch(const struct options *o, int argc, char **argv)
{
    struct sigaction old_term, old_int;
    const struct sigaction end = {.sa_handler = stop};
    struct attest_error err = {""};
    sigset_t set, before;
    int rc = cli_attempt_is_usable(o);

    (void)argv;
    if (rc != 0) {
        return rc;
    }
    if (argc != 0 || o->host == NULL || o->interval_s == 0) {
        return cli_usage("watch: --host, --state and an --interval of 1 or more are needed");
    }
    if (tell_is_usable(o) != 0) {
        return cli_usage("--on-change: a path is needed, with a / in it");
    }
    if (tell_in_memory(o->on_change == NULL) != 0) {
        attest_fail(&err, 0, "what is told cannot be remembered: %s", strerror(errno));
        return cli_error(&err);
    }
    stopped = 0;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaction(SIGTERM, &end, &old_term);
    sigaction(SIGINT, &end, &old_int);
    sigprocmask(SIG_BLOCK, &set, &before);
    signal(SIGPIPE, SIG_IGN);
    for (int n = 0;; n++) {
        int64_t next = stream_now_ms() + (int64_t)o->interval_s * 1000;

        tell_untold(o, o->host);
        rc = once(o);
        if ((o->count != 0 && n + 1 >= o->count) || !sleep_until(next)) {
            break;
        }
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    sigaction(SIGTERM, &old_term, NULL);
    sigaction(SIGINT, &old_int, NULL);
    (void)tell_in_memory(false);
    return rc;
}
