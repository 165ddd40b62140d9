/* SPDX-License-Identifier: Apache-2.0 */
/* Trust anchors for projected volumes: all ClusterTrustBundles, watched from the first wish for one on. Loop thread only. Follows
 * upstream's pkg/kubelet/clustertrustbundle. */
#ifndef AGENT_KUBELET_VOLUMES_TRUST_BUNDLES_H
#define AGENT_KUBELET_VOLUMES_TRUST_BUNDLES_H

#include "base/arena.h"
#include "client/client.h"
#include "generated/api_structs.h"

struct trust_bundles;
/* on_change: something changed that volumes may be made of. */
struct trust_bundles *trust_bundles_new(struct client *c, void (*on_change)(void *ctx), void *ctx);
void trust_bundles_free(struct trust_bundles *t);
/* ERR_UNAVAILABLE: not known yet, on_change follows; ERR_NOT_FOUND: nothing fits, and that is not optional. */
int trust_bundles_get(struct trust_bundles *t,
		      const struct core_v1_cluster_trust_bundle_projection *p, struct arena *a,
		      struct str *out, struct err *err);

/* The certificates of all texts, each once, in a stable order, without what stands between them. Pure. */
struct str trust_anchors_join(const struct str *texts, size_t n, struct arena *a);

#endif
