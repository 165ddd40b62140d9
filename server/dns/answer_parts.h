/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer is put together from. Private to answer*.c. */
#ifndef SERVER_DNS_ANSWER_PARTS_H
#define SERVER_DNS_ANSWER_PARTS_H

#include "server/dns/answer.h"

struct dns_task {
	struct dns_zone *zone;
	const struct dns_query *q;
	struct dns_answer *a;
	struct str *alias;
	size_t owner; /* where the name stands whose records are added */
	int aliases;
	bool found; /* the name exists, though maybe not with this type */
};

/* Is the name the domain or below it? rest: what stands before it. */
bool dns_zone_has(const struct dns_zone *z, struct str name, struct str *rest);
void dns_task_name(struct dns_task *t, struct str name); /* all that is known of it */
bool dns_task_wants(const struct dns_task *t, const struct dns_address *a);
void dns_task_address(struct dns_task *t, const struct dns_address *a); /* if it is asked for */
/* `label`: the n labels before "svc". */
void dns_task_service(struct dns_task *t, const struct str *label, size_t n);
bool dns_task_reverse(struct dns_task *t); /* false: no address of ours */

#endif
