/* SPDX-License-Identifier: Apache-2.0 */
/* Intrusive doubly linked list with a head node. A link is either in one list or, after list_init()/list_del(), alone. */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>

#include "base/mem.h"

struct list {
	struct list *next, *prev;
};

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}
static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}
static inline void list_add_tail(struct list *head, struct list *l)
{
	l->prev = head->prev;
	l->next = head;
	head->prev->next = l;
	head->prev = l;
}
static inline void list_del(struct list *l)
{
	l->prev->next = l->next;
	l->next->prev = l->prev;
	list_init(l);
}
#define LIST_ITEM(link, type, member) CONTAINER_OF(link, type, member)
#define LIST_EACH(head, it)           for (struct list *it = (head)->next; it != (head); it = it->next)
/* `it` may be deleted in the body. */
#define LIST_EACH_SAFE(head, it)                                                  \
	for (struct list *it = (head)->next, *it##_next = it->next; it != (head); \
	     it = it##_next, it##_next = it->next)

#endif
