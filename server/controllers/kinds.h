/* SPDX-License-Identifier: Apache-2.0 */
/* From a kind, as objects and references name it, to its resource: built in, or custom while its definition is served. */
#ifndef SERVER_CONTROLLERS_KINDS_H
#define SERVER_CONTROLLERS_KINDS_H

#include "client/client.h"

/* "apps/v1" taken apart; the core group is empty. */
void kind_group(struct str api_version, struct str *group, struct str *version);
/* A reference (api_resource_unref()), or NULL. */
const struct api_resource *kind_resource(struct client *client, struct str api_version,
					 struct str kind);
/* Any version of the kind's group, this one if it can be. A reference, or NULL. */
const struct api_resource *kind_resource_any(struct client *client, struct str api_version,
					     struct str kind);
bool kind_has_scale(const struct api_resource *r);

#endif
