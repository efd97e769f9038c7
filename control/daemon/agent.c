/* SPDX-License-Identifier: Apache-2.0 */
#include "agent.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "patience.h"

#define POLL_MS 50
#define NONCE_MAX 9

static const char *const verbs[] = { [AGENT_ATTACH] = "attach", [AGENT_DETACH] = "detach", [AGENT_FORCE] = "force" };
static const char *const answers[] = { [AGENT_DONE] = "done", [AGENT_BUSY] = "busy", [AGENT_FAILED] = "failed" };

struct question {
    struct store *store;
    char folder[48], nonce[NONCE_MAX];
};

static int put(const struct question *q, const char *name, const char *value, const char *permissions)
{
    char path[64];

    snprintf(path, sizeof(path), "%s/%s", q->folder, name);
    return store_write(q->store, path, value) < 0 || store_permit(q->store, path, permissions) < 0 ? -errno : 0;
}

/* Its node first, empty: it cannot make one itself, and what an earlier question left there is gone. */
static int ask(const struct question *q, uint32_t domid, enum agent_verb verb, unsigned int slot)
{
    char text[48], its[16], ours[24];
    int rc;

    snprintf(its, sizeof(its), "n%u", domid);
    snprintf(ours, sizeof(ours), "n0,r%u", domid);
    snprintf(text, sizeof(text), "%s %s %u", q->nonce, verbs[verb], slot);
    rc = put(q, "answer", "", its);
    return rc == 0 ? put(q, "request", text, ours) : rc;
}

static int word_is_plain(const char *word)
{
    return strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == strlen(word);
}

/* What is not an answer to this question, in form or nonce, is none: there may be a better one yet. */
static int parse(const struct question *q, char *text, char driver[AGENT_DRIVER_MAX])
{
    char *rest = NULL, *nonce = strtok_r(text, " ", &rest), *word = strtok_r(NULL, " ", &rest), *more = strtok_r(NULL, " ", &rest);

    if (nonce == NULL || word == NULL || strcmp(nonce, q->nonce) != 0) {
        return AGENT_SILENT;
    }
    for (int i = 0; i < AGENT_SILENT; i++) {
        if (strcmp(word, answers[i]) == 0) {
            snprintf(driver, AGENT_DRIVER_MAX, "%s", more != NULL && word_is_plain(more) ? more : "");
            return i;
        }
    }
    return AGENT_SILENT;
}

static int await(const struct question *q, unsigned int ms, char driver[AGENT_DRIVER_MAX])
{
    struct patience patience = patience_for(ms);
    char path[64], text[64];

    snprintf(path, sizeof(path), "%s/answer", q->folder);
    do {
        int length = store_read(q->store, path, text, sizeof(text));
        int answer = length > 0 ? parse(q, text, driver) : AGENT_SILENT;

        if (answer != AGENT_SILENT) {
            return answer;
        }
        if (length < 0 && errno != ENOENT && errno != E2BIG) {
            return -errno;
        }
    } while (patience_pause(&patience, POLL_MS));
    return AGENT_SILENT;
}

int agent_ask(struct store *store, uint32_t domid, enum agent_verb verb, unsigned int slot, unsigned int ms,
              char driver[AGENT_DRIVER_MAX])
{
    struct question q = { .store = store };
    uint32_t number = 0;
    int rc;

    driver[0] = '\0';
    (void)getrandom(&number, sizeof(number), 0); /* tells this question from earlier ones; no secret from the domain */
    snprintf(q.nonce, sizeof(q.nonce), "%08x", number);
    snprintf(q.folder, sizeof(q.folder), "/local/domain/%u/pci", domid);
    rc = ask(&q, domid, verb, slot);
    if (rc == 0) {
        rc = await(&q, ms, driver);
    }
    /* What is not answered stays, until it is read or the next replaces it. After -ETIMEDOUT the connection is of no use. */
    if (rc != AGENT_SILENT && rc != -ETIMEDOUT) {
        (void)store_remove(store, q.folder);
    }
    return rc;
}
