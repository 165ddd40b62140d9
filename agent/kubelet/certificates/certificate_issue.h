/* SPDX-License-Identifier: Apache-2.0 */
/* One certificate of one pod on its way: service account → key (worker) → PodCertificateRequest → its signer's answer. Private to
 * certificates.c and certificate_issue.c. Loop thread only. */
#ifndef AGENT_KUBELET_CERTIFICATES_CERTIFICATE_ISSUE_H
#define AGENT_KUBELET_CERTIFICATES_CERTIFICATE_ISSUE_H

#include "agent/kubelet/certificates/certificates.h"
#include "base/map.h"
#include "client/informer.h"

struct certificates {
	struct certificates_config c;
	struct map issues;         /* id → struct issue */
	struct informer *requests; /* this node's; NULL: nobody asked yet */
	struct loop_timer timer;
};

enum issue_step {
	ISSUE_IDLE,
	ISSUE_ACCOUNT, /* these three: an answer or a worker is awaited */
	ISSUE_KEY,
	ISSUE_CREATE,
	ISSUE_SIGNER /* the request is there, and undecided */
};
struct issue {                      /* one source of one volume of one pod */
	struct certificates *owner; /* NULL: nobody waits any more */
	char *id;                   /* "POD-UID/VOLUME/INDEX" */
	char *ns, *pod, *uid, *account, *signer, *key_type;
	struct api_str_map annotations; /* in the arena */
	int32_t max_expiration_s;
	struct arena arena;
	enum issue_step step;
	char *account_uid;
	struct buf next_key, stub; /* of the request that is on its way */
	char *request;             /* its name */
	struct buf key, chain;     /* chain.n: issued */
	char *refusal;             /* denied or failed, as told to the pod */
	int64_t refresh_at_us, not_after_us, abandon_at_us;
	int64_t retry_at_us, backoff_us;
	bool told_overdue, told_expired;
	struct err err; /* of the worker */
};

void issue_drop(void *issue);                /* frees it, or lets what is on its way do so */
void issue_drive(struct issue *i);           /* does what is due */
void issue_look(struct issue *i);            /* at its request */
int64_t issue_due_us(const struct issue *i); /* drive it then; 0: only after an answer */
void certificates_arm(struct certificates *s);

#endif
