/* SPDX-License-Identifier: Apache-2.0 */
/* Service account tokens of one pod, fetched through the TokenRequest API and renewed when four fifths of their life (or a
 * day) are over. Loop thread only. Upstream's pkg/kubelet/token. */
#ifndef AGENT_KUBELET_VOLUMES_TOKENS_H
#define AGENT_KUBELET_VOLUMES_TOKENS_H

#include "base/clock.h"
#include "client/client.h"
#include "generated/api_structs.h"

struct tokens;
struct tokens_config {
	struct client *client;
	struct clock *clock;
	struct str ns, service_account, pod_name, pod_uid; /* copied */
	void (*on_change)(void *ctx,
			  const struct err *err); /* a token came, or could not be had: err */
	void *ctx;
};
struct tokens *tokens_new(const struct tokens_config *c);
void tokens_free(struct tokens *t); /* answers on their way are dropped */
/* The token for this projection; p == NULL: asked for, on_change follows. Borrowed until the next call or change. */
struct str tokens_get(struct tokens *t, const struct core_v1_service_account_token_projection *p);
int64_t tokens_renew_at_us(const struct tokens *t); /* call tokens_renew() then; 0: never */
void tokens_renew(struct tokens *t);

#endif
