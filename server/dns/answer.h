/* SPDX-License-Identifier: Apache-2.0 */
/* From a question to an answer, after the Kubernetes DNS specification 1.1.0: names below the cluster domain and addresses of
 * Services, from the records alone. Pure; the loop of the records. */
#ifndef SERVER_DNS_ANSWER_H
#define SERVER_DNS_ANSWER_H

#include "server/dns/message.h"
#include "server/dns/records.h"

#define DNS_TTL_S 30 /* as kubeadm sets up CoreDNS */

struct dns_zone {
	const char *domain;                /* "cluster.local", lower case */
	const struct dns_address *servers; /* what ns.dns.DOMAIN stands for */
	size_t nservers;
	const struct dns_records *records;
	bool complete; /* the records are all there are; before that, a name that isn't known may exist */
	unsigned turn; /* which of several addresses comes first, changes with each answer */
};

enum dns_outcome {
	DNS_ANSWERED,
	DNS_NOT_OURS, /* ask someone else */
	DNS_ALIAS, /* the answer begins with a CNAME to `alias`, which isn't ours: add its addresses */
};
/* `a` was begun. `alias`: the target's name. */
enum dns_outcome dns_answer_question(struct dns_zone *z, const struct dns_query *q,
				     struct dns_answer *a, struct str *alias);

#endif
