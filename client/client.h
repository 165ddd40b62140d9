/* SPDX-License-Identifier: Apache-2.0 */
/* What controllers, scheduler, provisioner and agent stand on: requests to an API server and cached list+watch. Two transports
 * behind one vtable: in process (a direct subscription to the object cache and a function call into the request path, under the
 * component's own identity; made by server/apiserver/local/local_client.h) and over HTTPS. Everything runs on the client's loop. */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

#include "api/object/object.h"
#include "api/registry.h"
#include "net/loop.h"

struct client;

struct client_result {
	int code;              /* HTTP code; 0: no answer (see err) */
	struct str body;       /* the object or Status as JSON; borrowed for the call */
	const struct err *err; /* NULL on success; else the Status as an err */
};
struct client_call {
	enum api_verb verb;
	const struct api_resource *resource;
	struct str ns, name, subresource; /* copied */
	struct str query;        /* "fieldManager=kubelet&force=true", may be empty; copied */
	struct str content_type; /* of the body; empty: application/json */
	struct str body;         /* copied */
	void (*done)(void *ctx, const struct client_result *r); /* may be NULL: errors are logged */
	void *ctx;
};

struct watch_handler;
struct client_ops {
	void (*call)(struct client *, const struct client_call *);
	/* List then watch for ever: on_change for each object of the list (old == NULL), on_synced once, then changes. A gap in the
	 * watch is healed by a new list whose differences arrive as changes. */
	struct reflector *(*watch)(struct client *, const struct watch_handler *h);
	void (*unwatch)(struct client *, struct reflector *);
	/* The custom resources that are served now, each in the version that is stored: an array (free() it) of references
	 * (api_resource_unref()). They change with the CustomResourceDefinitions. NULL: the transport doesn't know any. */
	const struct api_resource **(*custom)(struct client *, size_t *n);
};
struct client {
	const struct client_ops *ops;
	struct loop *loop;
	const char *user; /* "system:kube-scheduler"; for logs */
};

struct watch_handler { /* copied, but for what the slices of selectors point to: copied, too */
	const struct api_resource *resource;
	struct str ns;                             /* empty: all */
	struct str label_selector, field_selector; /* text, may be empty */
	/* old == NULL: new to us; new == NULL: gone (deleted, or no longer selected). Borrowed: object_ref() to keep. */
	void (*on_change)(void *ctx, const struct object *old, const struct object *new);
	void (*on_synced)(void *ctx); /* may be NULL */
	void *ctx;
};

static inline void client_do(struct client *c, const struct client_call *call)
{
	c->ops->call(c, call);
}
static inline struct reflector *client_watch(struct client *c, const struct watch_handler *h)
{
	return c->ops->watch(c, h);
}
static inline const struct api_resource **client_custom(struct client *c, size_t *n)
{
	*n = 0;
	return c->ops->custom ? c->ops->custom(c, n) : NULL;
}
static inline void client_unwatch(struct client *c, struct reflector *r)
{
	c->ops->unwatch(c, r);
}

#endif
