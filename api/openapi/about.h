/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of what the API says about itself: /api, /apis, groups, versions, /version and the issuer of tokens. In OpenAPI v3 each is a
 * document of its own, named as its path without the slash in front; a version's page stands among that version's resources.
 * Private to OpenAPI. Any thread. */
#ifndef API_OPENAPI_ABOUT_H
#define API_OPENAPI_ABOUT_H

#include "api/openapi/types.h"

/* Whether there is such a document. */
bool openapi_about_known(const struct discovery *d, struct str where);
/* The member of `paths` of the page `where` ("apis/apps", "version"); false: there is none. */
bool openapi_about(const struct discovery *d, struct str where, bool v3,
		   struct openapi_types *refers, struct buf *out);
/* The page that lists a version's resources; nothing for versions of custom resources. */
void openapi_about_version(const struct api_resource *r, bool v3, struct openapi_types *refers,
			   struct buf *out);
/* Calls `emit` with the name of each such document; of groups those with built-in resources. */
void openapi_about_each(const struct discovery *d, void (*emit)(void *ctx, struct str where),
			void *ctx);

/* "rbac.authorization.k8s.io" -> "RbacAuthorization", as operations name it */
void openapi_camel(struct buf *out, const char *text);

#endif
