/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates of pods (projected podCertificate sources). For each source a key is made and a PodCertificateRequest created; when
 * its signer has answered, key and chain are at hand, until the signer's beginRefreshAt has passed and the same begins anew behind
 * them. Nothing is kept across restarts: then all is asked for again. Loop thread only; keys are made on a worker. Follows
 * upstream's pkg/kubelet/podcertificate.
 *
 *	asked for ─► requested ─► issued ─► (beginRefreshAt) requested again, the old one still counts
 *	                      └─► denied or failed: for good
 */
#ifndef AGENT_KUBELET_CERTIFICATES_CERTIFICATES_H
#define AGENT_KUBELET_CERTIFICATES_CERTIFICATES_H

#include "base/arena.h"
#include "base/clock.h"
#include "client/client.h"
#include "generated/api_structs.h"

struct certificates;
struct certificates_config {
	struct client *client;
	struct clock *clock;
	const char *node_name; /* borrowed */
	const char *(*node_uid)(void *ctx);
	void (*on_change)(void *ctx, const char *pod_uid); /* ask certificates_get() again */
	void (*on_event)(void *ctx, const char *pod_uid, const char *reason, const char *text);
	void *ctx;
};
struct certificates *certificates_new(const struct certificates_config *c);
void certificates_free(struct certificates *s); /* answers on their way are dropped */

struct certificate_want {
	const struct core_v1_pod *pod;
	struct str volume;
	size_t index; /* of the source in the volume */
	const struct core_v1_pod_certificate_projection *projection;
};
struct credentials {
	struct str key, chain; /* PEM; borrowed until the next change */
};
/* ERR_UNAVAILABLE: asked for, on_change follows. ERR_FORBIDDEN: denied or failed for good. */
int certificates_get(struct certificates *s, const struct certificate_want *w,
		     struct credentials *out, struct err *err);
void certificates_forget(struct certificates *s, const char *pod_uid);

#endif
