/* SPDX-License-Identifier: Apache-2.0 */
/* Custom resources come and go with their definitions. One informer for each, over all namespaces, shared by the controllers that look at
 * whatever there is. Control loop only. */
#ifndef SERVER_CONTROLLERS_CUSTOMS_H
#define SERVER_CONTROLLERS_CUSTOMS_H

#include "client/informer.h"

struct customs_user { /* resource and informer are there from the one call to the other */
	/* Before the informer runs: hooks and indexes are added here. */
	void (*on_come)(void *ctx, const struct api_resource *r, struct informer *informer);
	void (*on_go)(void *ctx, const struct api_resource *r);
	void *ctx;
};
struct customs;
/* `definitions`: the informer of CustomResourceDefinitions, which isn't running yet. */
struct customs *customs_new(struct client *client, struct informer *definitions);
void customs_use(struct customs *c, const struct customs_user *user); /* before it runs; copied */
void customs_free(struct customs *c); /* tells nobody; NULL is fine */

#endif
