/* SPDX-License-Identifier: Apache-2.0 */
/* Doubly linked circular lists with the link inside the element. */
#ifndef XEN_LIST_H
#define XEN_LIST_H

#include <xen/lib.h>

struct list {
    struct list *next, *prev;
};

#define LIST_INIT(name) { &(name), &(name) }

static inline void list_init(struct list *l)
{
    l->next = l->prev = l;
}
static inline bool list_empty(const struct list *l)
{
    return l->next == l;
}
static inline void list_insert(struct list *at, struct list *item) /* after at */
{
    item->next = at->next;
    item->prev = at;
    at->next->prev = item;
    at->next = item;
}
static inline void list_append(struct list *head, struct list *item)
{
    list_insert(head->prev, item);
}
static inline void list_remove(struct list *item)
{
    item->prev->next = item->next;
    item->next->prev = item->prev;
    list_init(item);
}
#define list_entry(p, type, member) container_of(p, type, member)
#define list_for_each(it, head) for ((it) = (head)->next; (it) != (head); (it) = (it)->next)
#define list_for_each_safe(it, tmp, head)                                                          \
    for ((it) = (head)->next, (tmp) = (it)->next; (it) != (head); (it) = (tmp), (tmp) = (it)->next)

#endif
