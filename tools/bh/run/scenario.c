/* SPDX-License-Identifier: Apache-2.0 */
/* The score of a boot. */
#include "scenario.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"

static const char *const steps[SCENARIO_STEPS] = {
    "userspace",     "disk",        "net",           "write",
    "refuse-evtchn-netdd", "refuse-evtchn-stordd", "refuse-grant", "refuse-domctl",
    "refuse-setenforce",   "refuse-xenstore",
};

/* Each refusal leaves an AVC line; its class says which attempt it belongs to. */
static const struct {
    const char *what;
    const char *class[3];
} avc_kinds[SCENARIO_AVC] = {
    { "event channel", { "event", NULL, NULL } },
    { "grant", { "grant_op", "grant", NULL } },
    { "domctl", { "domctl", "domain", NULL } },
    { "setenforce", { "flask_op", "security", NULL } },
    { "XenStore", { "xenstore", NULL, NULL } },
};

__attribute__((format(printf, 2, 3))) static void say(const struct scenario *s,
                                                       const char *format, ...)
{
    char text[CONSOLE_LINE_MAX + 128];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    s->say(s->context, text);
}

void scenario_init(struct scenario *scenario, const struct config *config, scenario_say_fn *say_fn,
                   void *context)
{
    memset(scenario, 0, sizeof(*scenario));
    scenario->config = config;
    scenario->say = say_fn;
    scenario->context = context;
    scenario->guest = config_domain_id(config, "guest");
    scenario->attest = config_domain_id(config, "attest");
}

static const char *name_of(const struct scenario *s, int domid)
{
    const char *name = config_domain_name(s->config, (unsigned int)domid);

    return name != NULL ? name : "a domain";
}

/* Value of "key=value" in a line, up to a blank. @return 0; -1 not there or too long */
static int word_get(const char *text, const char *key, char *out, size_t size)
{
    const char *at = strstr(text, key);

    if (at == NULL) {
        return -1;
    }
    at += strlen(key);
    size_t length = strcspn(at, " \t");

    if (length == 0 || length >= size) {
        return -1;
    }
    memcpy(out, at, length);
    out[length] = '\0';
    return 0;
}

/* `domid=` names the caller; the contexts may be those of objects, as with event channel ports. */
static void avc_line(struct scenario *s, const char *text)
{
    char caller[16];
    char class[32];

    if (strstr(text, "denied") == NULL || word_get(text, "tclass=", class, sizeof(class)) < 0) {
        return;
    }
    say(s, "  refused: %s", strstr(text, "avc:"));
    if (s->guest == 0 || word_get(text, " domid=", caller, sizeof(caller)) < 0
        || strtoul(caller, NULL, 10) != s->guest) {
        return;
    }
    for (size_t i = 0; i < SCENARIO_AVC; i++) {
        for (size_t c = 0; c < 3 && avc_kinds[i].class[c] != NULL; c++) {
            if (strcmp(class, avc_kinds[i].class[c]) == 0) {
                s->avc[i]++;
            }
        }
    }
}

static void hypervisor_line(struct scenario *s, const char *text)
{
    if (!s->hypervisor_seen) {
        s->hypervisor_seen = 1;
        say(s, "hypervisor up: %s", text);
        return;
    }
    if (strstr(text, "panic") != NULL || strstr(text, "PANIC") != NULL
        || strstr(text, "Panic") != NULL) {
        s->dead = 1;
        say(s, "hypervisor stopped: %s", text);
    } else if (strncmp(text, "domain ", 7) == 0 || strstr(text, "crash") != NULL
               || strstr(text, "refused") != NULL) {
        say(s, "hypervisor: %s", text);
        s->crashed |= strncmp(text, "domain ", 7) == 0
                      && (strstr(text, ": crashed") != NULL
                          || strstr(text, ": shut down, crash") != NULL);
    }
}

static void step_line(struct scenario *s, const char *text)
{
    char step[32];
    char result[8];
    int used = 0;

    if (strncmp(text, "done", 4) == 0) {
        s->done = 1;
        say(s, "guest: scenario finished");
        return;
    }
    if (sscanf(text, "%31s %7s %n", step, result, &used) < 2 || used == 0) {
        return;
    }
    int held = strcmp(result, "ok") == 0;

    say(s, "guest: %-21s %s  %s", step, held ? "ok  " : "FAIL", text + used);
    s->failures += held ? 0 : 1;
    for (size_t i = 0; i < SCENARIO_STEPS; i++) {
        if (strcmp(steps[i], step) == 0) {
            s->step[i] = held && s->step[i] != STEP_FAIL ? STEP_OK : STEP_FAIL;
        }
    }
}

static void domain_line(struct scenario *s, int origin, const char *text)
{
    const char *step = strstr(text, "SCENARIO ");

    if (step != NULL && (unsigned int)origin == s->guest) {
        step_line(s, step + 9);
    } else if (strstr(text, "Linux version ") != NULL) {
        say(s, "domain %s: kernel starts", name_of(s, origin));
    } else if (strstr(text, "init: ready") != NULL) {
        say(s, "domain %s: ready", name_of(s, origin));
    } else if (strncmp(text, "attest-agent: ", 14) == 0) {
        say(s, "domain %s: %s", name_of(s, origin), text);
        s->attest_ready |= (unsigned int)origin == s->attest && strstr(text, "ready on") != NULL;
    } else if (strncmp(text, "init: ", 6) == 0 || strncmp(text, "backendd: ", 10) == 0
               || strstr(text, "Kernel panic") != NULL) {
        say(s, "domain %s: %s", name_of(s, origin), text);
    }
}

void scenario_line(struct scenario *s, int origin, const char *text)
{
    if (strstr(text, "avc:") != NULL
        && (origin == CONSOLE_HYPERVISOR
            || strcmp(name_of(s, origin < 0 ? 0 : origin), "xenstore") == 0)) {
        avc_line(s, text);
    } else if (origin == CONSOLE_HYPERVISOR) {
        hypervisor_line(s, text);
    } else if (origin > 0) {
        domain_line(s, origin, text);
    } else if (!s->loader_seen && !s->hypervisor_seen
               && (strstr(text, "GRUB") != NULL || strstr(text, "Booting") != NULL
                   || strstr(text, "Loading") != NULL || strstr(text, "BdsDxe: starting") != NULL)) {
        s->loader_seen = 1;
        say(s, "loader: measures and loads the hypervisor and its modules");
    }
}

unsigned int scenario_judge(const struct scenario *s)
{
    unsigned int wrong = 0;
    unsigned int reported = s->failures;

    for (size_t i = 0; i < SCENARIO_STEPS; i++) {
        reported += s->step[i] != STEP_MISSING;
    }
    if (reported == 0) {
        say(s, "expected: the guest's scenario to run; the guest reported no step");
        return 1;
    }
    for (size_t i = 0; i < SCENARIO_STEPS; i++) {
        if (s->step[i] != STEP_OK) {
            say(s, "expected: guest step %s ok; %s", steps[i],
                s->step[i] == STEP_FAIL ? "it failed" : "it was never reported");
            wrong++;
        }
    }
    for (size_t i = 0; i < SCENARIO_AVC; i++) {
        if (s->avc[i] == 0) {
            say(s, "expected: an AVC line for the guest's refused %s attempt; there was none",
                avc_kinds[i].what);
            wrong++;
        }
    }
    if (!s->done) {
        say(s, "expected: the guest's scenario to finish; it did not");
        wrong++;
    }
    return wrong;
}
