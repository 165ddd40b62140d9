/* SPDX-License-Identifier: Apache-2.0 */
/* One request to the API on its way down the tree: route, authenticate, authorize, decode, admit, validate, transaction,
 * respond. HTTP and in-process callers share it: what differs stands behind `responder`. Lives on one loop thread; counted,
 * because a store transaction may outlast the client: the transport holds one reference until its last call and whoever
 * works on an answer holds another. Everything a slice here points to lives in `arena` or, for the body, until `gone`. */
#ifndef SERVER_APISERVER_REQUEST_H
#define SERVER_APISERVER_REQUEST_H

#include "api/object/object.h"
#include "api/registry.h"
#include "base/arena.h"
#include "net/http_server.h"
#include "server/apiserver/media.h"
#include "server/apiserver/options.h"
#include "server/apiserver/warned.h"

struct apiserver;
struct http_frame;
struct api_request;

struct user_extra {
	struct str key, value;
};
struct api_user { /* upstream's user.Info */
	struct str name, uid;
	const struct str *groups;
	size_t ngroups;
	const struct user_extra *extra;
	size_t nextra;
};
bool user_in_group(const struct api_user *u, const char *group);

/* How the answer travels. Chunks are taken over. */
struct responder {
	void (*reply)(struct api_request *r, int status, const struct http_field *f, size_t nf,
		      struct chunk *body, size_t n);
	void (*stream_start)(struct api_request *r, int status, const struct http_field *f,
			     size_t nf);
	size_t (*stream_write)(struct api_request *r, struct chunk *body,
			       size_t n); /* returns the bytes queued */
	size_t (*stream_write_frame)(struct api_request *r, struct http_frame *f);
	void (*stream_end)(struct api_request *r);
	/* Collects the body into r->body, then next(r), perhaps at once; on failure the request has been answered. */
	void (*body)(struct api_request *r, void (*next)(struct api_request *r));
};

struct status_about { /* what Status.details says instead of the path's words */
	bool set;
	struct str name, group, kind;
};

struct api_request {
	struct apiserver *server;
	struct loop *loop;
	const struct responder *responder;
	struct http_request *http; /* NULL in process */
	void *transport;           /* of another responder */
	struct arena arena;
	int refs;
	bool gone; /* the client went away, or was answered: no more output */
	bool answered;
	int64_t started_us; /* monotonic */

	/* as sent */
	struct str method, path, query; /* path decoded */
	struct str content_type, accept, accept_encoding, user_agent;
	struct str body;

	/* route.c */
	enum api_verb verb;                  /* API_CONNECT for proxies and streams */
	const char *verb_text;               /* for authorization: "get", "deletecollection", … */
	const struct api_resource *resource; /* NULL: not a resource request */
	const struct api_resource *custom;   /* the same when it is a custom one: a reference */
	const struct api_subresource *sub;
	struct str group, version, plural, ns, name, subresource, subpath;
	bool is_resource_path; /* the path has a resource's form, known or not */
	bool watch_path;       /* /watch/ form */
	struct err refused;    /* a malformed query: said after authorization */

	/* authn/ */
	struct api_user user;

	/* decode */
	struct request_options opt;
	struct media media; /* of the answer */

	/* answer */
	struct warned warned;
	struct str detail_name; /* for Status.details when it isn't r->name (create) */
	struct status_about about;
	struct str status_continue; /* Status.metadata.continue of an expired list */
	char audit_id[UUID_TEXT_SIZE];
	bool body_asked;
	struct err late;           /* said once a small body has arrived */
	int flow;                  /* which in-flight counter this request holds; -1: none */
	void *state;               /* of the verb, in the arena */
	bool nosniff;              /* refused by authorization: upstream marks such answers */
	const char *cache_control; /* NULL: "no-cache, private" */
	void (*state_next)(struct api_request *r); /* what waits for the body */
	void (*on_drain)(struct api_request *r);
	void (*on_gone)(struct api_request *r); /* the client went away while streaming */
};

struct api_request *request_new(struct apiserver *s, struct loop *l,
				const struct responder *responder);
struct api_request *request_ref(struct api_request *r);
void request_unref(struct api_request *r);
/* False when the client hears of no more: see warned.h. */
bool request_warn(struct api_request *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Status.details of the error that is about to be answered; empty words leave a field out. */
void request_about(struct api_request *r, const char *group, const char *kind, struct str name);
/* Enters the path: r->method, path, query, headers are set (and user, in process). */
void request_handle(struct api_request *r);
/* The same for who is known and has been routed: in-process callers. */
void request_enter(struct api_request *r);
/* The steps that request_handle() takes one after the other. */
void request_route(struct api_request *r);                        /* route.c */
int request_authenticate(struct api_request *r, struct err *err); /* authn/ */
int request_impersonate(struct api_request *r, struct err *err);  /* authn/impersonation.c */
int request_authorize(struct api_request *r, struct err *err);    /* authz/ */
void request_dispatch(struct api_request *r); /* dispatch.c: to a verb, a subresource or a page */

#endif
