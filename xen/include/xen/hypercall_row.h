/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of the hypercall table: one per operation and sub-operation, with the questions that guard it.
 *
 * The dispatcher does, in order: bounds of the number, one copy-in, decode, every question, act, release, copy-out.
 * decode resolves what the arguments name (through call_target() and the like), takes the locks that keep it resolved,
 * refuses, and leaves all state as it found it. act is reached only when every question was answered with yes.
 * A number without a row is answered with -ENOSYS and nothing has run.
 *
 * A file with a family of calls has static handlers, an array of rows, and one struct hypercall_family, which
 * xen/common/hypercall_table.c lists by hypercall number. How a row looks:
 *
 *   [EVTCHNOP_send] = ROW(EVTCHNOP_send, sizeof(struct evtchn_send), 0, send_decode,
 *                         ASK(Q(CALLER, OBJECT, EVTCHN_OP, SEND)), send_act),
 *   [EVTCHNOP_y] = ROW_ABSENT(EVTCHNOP_y, Q(CALLER, SELF, EVTCHN_OP, Y), "2-level event channels only"),
 *
 * There is no row that asks nothing: what is absent is asked about as well, and answers as absent when it is allowed.
 */
#ifndef XEN_HYPERCALL_ROW_H
#define XEN_HYPERCALL_ROW_H

#include <xen/domain.h>
#include <xen/errno.h>
#include <xen/hypercall.h>
#include <xen/lib.h>

#include <xsm/avc_hit.h>
#include <xsm/xsm.h>

#define CALL_BUF 1280     /* bytes of private copy: one argument structure, or a chunk of a batch */
#define CALL_ARG_MAX 1024 /* largest argument structure */
#define CALL_QUESTIONS 4

/* Whose label a question is about; index into call.sid[]. Unset ones are XSM_SID_NULL, which gets only refusals. */
enum call_party {
    PARTY_CALLER,   /* the calling domain; set by the dispatcher */
    PARTY_TARGET,   /* call.target; set by call_target() */
    PARTY_SECOND,   /* call.second; set by call_second() */
    PARTY_OBJECT,   /* anything else with a label, set by decode: a port, a page, a device */
    PARTY_PEER,     /* a second such thing */
    PARTY_SELF,     /* the caller as it is towards itself; the engine finds it (XSM_SID_SELF) */
    PARTY_XEN,      /* initial SID xen; the rest set by the dispatcher */
    PARTY_SECURITY, /* initial SID security */
    PARTY_DOMXEN,   /* initial SID domxen */
    PARTY_COUNT
};

/* May source do `perm` to object? */
struct call_question {
    uint8_t source, object; /* enum call_party */
    bool chosen;            /* asks perm & call.chosen, of which decode sets what the arguments name; refused when empty */
    uint32_t class_offset;  /* XSM_AVC_CLASS_OFFSET(tclass) */
    union {
        struct {
            uint16_t tclass; /* SECCLASS_*; 0 ends the list */
            uint16_t flags;  /* QUESTION_* */
        };
        uint32_t tag;       /* both: a question with flags is no hit, and takes the long way */
    };
    uint32_t perm;
};
#define QUESTION_OPTIONAL 1 /* left out when decode set bit n of call.skip for question n */

struct hypercall_row;

/* One call (or one element of a batch) on its way through the dispatcher; lives on the stack, not zeroed. */
struct call {
    /* Set by the dispatcher. */
    struct vcpu *vcpu;       /* current */
    struct domain *caller;   /* its domain, borrowed */
    struct hypercall *hc;    /* registers; act may change them before it returns -ERESTART */
    const struct hypercall_row *row;
    uint32_t cmd;            /* sub-operation */
    void *arg;               /* private copy of the argument structure (row->in bytes), aligned to 16 */

    /* Set by decode; zero before. The dispatcher drops the references in target and second. */
    struct domain *target, *second;
    void (*release)(struct call *c); /* gives back what decode holds (locks, pages); called exactly once */
    uint32_t skip;
    uint32_t chosen; /* all before */
    xsm_sid_t sid[PARTY_COUNT];
    struct xsm_audit audit;  /* have, domid and op are set; decode may add details */

    /* For decode and act to share; not initialised. */
    struct vcpu *v;
    void *ptr[4];
    uint64_t val[4];
    /* For begin, act and end of a batch: a struct p2m_batch fits. Not initialised. */
    uint64_t batch[40];

    /* The dispatcher's own. */
    uint8_t buf[CALL_BUF] __aligned_to(16);
};

/* @return 0 to go on; a negative errno refuses the call. Called with no lock held. */
typedef int call_decode_fn(struct call *c);
/* @return result of the hypercall; -ERESTART with c->hc changed so that reissuing does the rest. */
typedef long call_act_fn(struct call *c);

struct hypercall_row {
    const char *name;          /* as in the public header; static */
    const char *why;           /* reason for absence, or what else is asked while act runs; NULL: nothing to say */
    call_decode_fn *decode;    /* NULL: nothing to resolve */
    call_act_fn *act;
    /* Batches only. */
    void (*begin)(struct call *c);         /* before the first element of a chunk; may be NULL */
    void (*status)(struct call *c, long rc); /* write result rc (decode's, a question's, act's) into the element */
    void (*end)(struct call *c);           /* after the last element of a chunk; may be NULL: TLB flushes */
    uint16_t in;               /* bytes copied in; the size of an element for batches */
    uint16_t out;              /* bytes copied out from the start, after act returned >= 0 */
    union {
        struct {
            uint16_t flags;    /* ROW_* */
            bool more;         /* than one question */
        };
        uint32_t special;      /* both: 0 is a row that takes the shortest way */
    };
    int16_t absent;            /* answer of act_absent(); 0 is -ENOSYS */
    struct call_question ask[CALL_QUESTIONS + 1];
};
#define ROW_BATCH 1      /* array at the argument address, count in arg[2]; every element is asked about */
#define ROW_ONE 2        /* takes a count in arg[2] that has to be 1, -EINVAL otherwise */
#define ROW_OUT_ALWAYS 4 /* copy out also after act failed (partial results); not after a refusal */

#define CALL_SIZE(n) ((uint16_t)((n) + 0 * sizeof(char[(n) <= CALL_ARG_MAX ? 1 : -1])))

/*
 * The questions of a row. Leaving the argument empty, or asking for nothing, does not compile, and a permission of another
 * class cannot be written where it is put together from class and name; the other forms take the constants of one class.
 */
#define Q(src, obj, class_, perm_) Q_OF(src, obj, 0, false, class_, class_##__##perm_)
#define Q_CHOSEN(src, obj, class_, perms_) Q_OF(src, obj, 0, true, class_, perms_) /* the first of a row only */
#define Q_OPTIONAL(src, obj, class_, perms_) Q_OF(src, obj, QUESTION_OPTIONAL, false, class_, perms_)
#define Q_OPTIONAL_CHOSEN(src, obj, class_, perms_) Q_OF(src, obj, QUESTION_OPTIONAL, true, class_, perms_)
#define Q_OF(src, obj, flags_, chosen_, class_, perms_)                                            \
    {                                                                                              \
        .source = PARTY_##src, .object = PARTY_##obj, .chosen = (chosen_),                         \
        .class_offset = XSM_AVC_CLASS_OFFSET(SECCLASS_##class_), .tclass = SECCLASS_##class_,      \
        .flags = (flags_), .perm = (perms_) + 0 * sizeof(char[(perms_) != 0 ? 1 : -1])             \
    }
#define ASK(...) .why = NULL, QUESTIONS(__VA_ARGS__)
/* Questions, and a word on those that are put while act runs. */
#define ASK_AND(text, ...) .why = "" text, QUESTIONS(__VA_ARGS__)
#define QUESTIONS(...)                                                                             \
    .more = sizeof((struct call_question[]){ __VA_ARGS__ }) != sizeof(struct call_question),       \
    .ask = { __VA_ARGS__ }

/* Written out in full twice: handing ask_ on to another macro would split it at its commas. */
#define ROW_FLAGS(op, in_, out_, flags_, decode_, ask_, act_)                                      \
    {                                                                                              \
        .name = #op, .decode = (decode_), ask_, .act = (act_), .begin = NULL, .status = NULL,      \
        .end = NULL, .in = CALL_SIZE(in_), .out = CALL_SIZE(out_), .flags = (flags_), .absent = 0  \
    }
#define ROW(op, in_, out_, decode_, ask_, act_)                                                    \
    {                                                                                              \
        .name = #op, .decode = (decode_), ask_, .act = (act_), .begin = NULL, .status = NULL,      \
        .end = NULL, .in = CALL_SIZE(in_), .out = CALL_SIZE(out_), .flags = 0, .absent = 0         \
    }
/* size is that of an element; the whole element is copied back. */
#define ROW_PER_ELEMENT(op, size, begin_, decode_, ask_, act_, status_, end_)                      \
    {                                                                                              \
        .name = #op, .decode = (decode_), ask_, .act = (act_), .begin = (begin_),                  \
        .status = (status_), .end = (end_), .in = CALL_SIZE(size), .out = CALL_SIZE(size),         \
        .flags = ROW_BATCH, .absent = 0                                                            \
    }
/* ask_: one question, which may not need decode. */
#define ROW_ABSENT_AS(op, err, ask_, reason)                                                       \
    {                                                                                              \
        .name = #op, .decode = NULL, .why = "" reason, .ask = { ask_ }, .act = act_absent,         \
        .begin = NULL, .status = NULL, .end = NULL, .in = 0, .out = 0, .flags = 0, .absent = (err) \
    }
#define ROW_ABSENT(op, ask_, reason)                                                               \
    {                                                                                              \
        .name = #op, .decode = NULL, .why = "" reason, .ask = { ask_ }, .act = act_absent,         \
        .begin = NULL, .status = NULL, .end = NULL, .in = 0, .out = 0, .flags = 0,                 \
        .absent = -ENOSYS                                                                          \
    }

enum family_kind {
    FAMILY_CMD,    /* arg[0] & cmd_mask is the sub-operation, arg[arg_index] the argument's address */
    FAMILY_SINGLE, /* one row, arg[arg_index] the argument's address */
    FAMILY_STRUCT, /* arg[0] is the address of a structure of `size` bytes that begins with the sub-operation and,
                      when version is not 0, the interface version (mismatch: -EACCES, after the questions) */
};

struct hypercall_family {
    const char *name;  /* as in the public header without __HYPERVISOR_ */
    const struct hypercall_row *rows;
    uint32_t count;    /* rows; those with name == NULL do not exist */
    enum family_kind kind;
    uint32_t cmd_mask; /* FAMILY_CMD: usually ~0u */
    uint8_t arg_index;
    uint16_t size;
    uint32_t version;
    /* Further rows with numbers from high_base on; NULL, 0, 0 usually. */
    const struct hypercall_row *high_rows;
    uint32_t high_base, high_count;
};

/* -- for decode ----------------------------------------------------------------------------------- */

/**
 * The domain a call is about. DOMID_SELF and the caller's own number give the caller.
 * @return 0 with c->target (and its label) set, kept until the end of the call; -ESRCH
 */
int call_target(struct call *c, domid_t id) must_check;
/** The same for a further domain, c->second. */
int call_second(struct call *c, domid_t id) must_check;

/**
 * Label of a domain as the caller sees it: its own label towards itself, and that of a device model's target towards the
 * device model, are type transitions of class domain; others have the plain one.
 * @return 0; as xsm_transition_sid()
 */
int call_label(struct call *c, const struct domain *d, xsm_sid_t *out) must_check;

/**
 * A question that no row can hold because its object appears only while act runs (an entry found in a list).
 * Same machinery and audit as the rows'.
 * @return 0 or -EACCES
 */
int call_ask(struct call *c, xsm_sid_t source, xsm_sid_t object, uint16_t tclass, uint32_t perm)
    must_check;

/** act of operations that are guarded by policy but not offered: asked, then absent. @return the row's error */
long act_absent(struct call *c);

/* Families written elsewhere than in xen/common/hypercalls/. */
extern const struct hypercall_family memory_op_family;      /* xen/common/mem/memory_op.c */
extern const struct hypercall_family grant_table_op_family; /* xen/common/grant/ */

#endif
