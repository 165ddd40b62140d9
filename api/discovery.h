/* SPDX-License-Identifier: Apache-2.0 */
/* Discovery documents, written from a list of resources: the built-in ones, or those together with custom resources. Resources of
 * one group and version stand together, the preferred version of a group first. Any thread; JSON is appended to out.
 * Follows metav1 (APIVersions, APIGroupList, APIGroup, APIResourceList) and apidiscovery.k8s.io/v2. */
#ifndef API_DISCOVERY_H
#define API_DISCOVERY_H

#include <jansson.h>

#include "api/type.h"
#include "base/buf.h"

struct discovery {
	const struct api_resource *const *resources;
	size_t n;
	/* The openAPIV3Schema of a custom resource: a reference, or NULL. NULL: there are no custom resources. */
	json_t *(*schema_of)(void *ctx, const struct api_resource *r);
	void *ctx;
};

#define DISCOVERY_ETAG_MAX 72

struct discovery discovery_builtin(void);
/* GET /api; server_address is "host:port" as clients outside reach it. */
void discovery_versions(struct str server_address, struct buf *out);
void discovery_groups(const struct discovery *d, struct buf *out); /* GET /apis */
bool discovery_group(const struct discovery *d, struct str group,
		     struct buf *out); /* GET /apis/GROUP; false: unknown */
bool discovery_resources(const struct discovery *d, struct str group, struct str version,
			 struct buf *out); /* GET /apis/GROUP/VERSION */
/* APIGroupDiscoveryList of /api (core) or /apis, and its quoted ETag. */
void discovery_aggregated(const struct discovery *d, bool core, struct buf *out,
			  char etag[DISCOVERY_ETAG_MAX]);

/* The verbs as discovery lists them: by name, as a JSON list. */
void discovery_verbs(uint32_t verbs, struct buf *out);

#endif
