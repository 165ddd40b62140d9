/* SPDX-License-Identifier: Apache-2.0 */
/* What a pod's environment and volumes are made of, as look-ups, so that the code which makes them is pure and testable.
 * Look-ups give NULL (p == NULL) when the object does not exist or is not there yet; results live as long as the arena that the
 * owner of the source decodes into. */
#ifndef AGENT_KUBELET_POD_POD_SOURCE_H
#define AGENT_KUBELET_POD_POD_SOURCE_H

#include "agent/kubelet/certificates/certificates.h"
#include "agent/kubelet/pod/fields.h"

struct pod_source {
	const struct core_v1_config_map *(*config_map)(void *ctx, struct str name);
	const struct core_v1_secret *(*secret)(void *ctx, struct str name);
	/* Of a claim; NULL: it is not bound. */
	const struct core_v1_persistent_volume *(*volume)(void *ctx, struct str claim);
	struct str (*token)(void *ctx, const struct core_v1_service_account_token_projection *t);
	/* These two say why not: ERR_UNAVAILABLE: it is on its way. NULL: there are none here. */
	int (*trust)(void *ctx, const struct core_v1_cluster_trust_bundle_projection *p,
		     struct str *out, struct err *err);
	int (*certificate)(void *ctx, const struct certificate_want *w, struct credentials *out,
			   struct err *err);
	/* A file in one of the pod's emptyDirs, as its containers left it. */
	int (*file)(void *ctx, struct str volume, struct str path, struct buf *out,
		    struct err *err);
	void *ctx;
	const struct core_v1_service *const
		*services; /* of the pod's namespace, and default/kubernetes; NULL-terminated */
	struct field_view fields;
};

#endif
