/* SPDX-License-Identifier: Apache-2.0 */
/* The configmaps and secrets that pods of this node refer to, each watched by name while somebody wants it, so that a change
 * reaches the pod's files at once and a missing object is noticed when it comes; and the volumes of their claims (claims.h): those
 * are present as soon as the claim is bound. Loop thread only. */
#ifndef AGENT_KUBELET_VOLUMES_SOURCES_H
#define AGENT_KUBELET_VOLUMES_SOURCES_H

#include "client/client.h"

enum source_kind { SOURCE_CONFIG_MAP, SOURCE_SECRET, SOURCE_CLAIM };
enum source_state { SOURCE_UNKNOWN, SOURCE_ABSENT, SOURCE_PRESENT };
struct sources;

struct sources *sources_new(struct client *c,
			    void (*on_change)(void *ctx, enum source_kind kind, struct str ns,
					      struct str name),
			    void *ctx);
void sources_want(struct sources *s, enum source_kind kind, struct str ns,
		  struct str name); /* counted */
void sources_release(struct sources *s, enum source_kind kind, struct str ns, struct str name);
/* out: borrowed until the next change; untouched unless present. */
enum source_state sources_get(const struct sources *s, enum source_kind kind, struct str ns,
			      struct str name, const struct object **out);

#endif
