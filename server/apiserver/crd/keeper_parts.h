/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the keeper: what it knows of each definition. loops[0] only. */
#ifndef SERVER_APISERVER_CRD_KEEPER_PARTS_H
#define SERVER_APISERVER_CRD_KEEPER_PARTS_H

#include "client/client.h"
#include "server/apiserver/crd/keeper.h"
#include "server/apiserver/crd/registry.h"
#include "server/apiserver/crd/status.h"
#include "server/apiserver/server.h"

struct crd_keeper {
	struct apiserver *server;
	const struct api_resource *definitions; /* customresourcedefinitions */
	struct map entries;                     /* struct crd_entry by name */
	struct client *client;                  /* NULL until it is started */
	struct cache_watcher watcher;
	struct loop_timer timer; /* resources that are being emptied are looked at again */
	bool timed;
};

enum crd_cleaning { CLEAN_NOT, CLEAN_CALLING, CLEAN_WAITING };
struct crd_entry {
	struct crd_keeper *keeper;
	char *name, *group;
	json_t *accepted;  /* names that it holds, also before the status says so */
	char *fingerprint; /* of what `crd` was made from */
	struct crd *crd;   /* a reference; NULL: not served */
	unsigned calls;    /* under way: they keep the entry */
	bool gone;         /* the definition is, only calls are left */
	enum crd_cleaning cleaning;
	struct str *namespaces; /* those whose instances are still to be deleted */
	size_t nnamespaces, at_namespace;
};

/* The definition as stored: a reference, or NULL. */
struct object *crd_entry_object(const struct crd_entry *e);
/* Writes tree.status; it carries the version it was made from. `done` may be NULL. */
void crd_status_write(struct crd_entry *e, const json_t *tree,
		      void (*done)(void *entry, const struct client_result *r));

/* Every call is made through the first; `done` begins with the second, and ends when it says so: the entry is gone. */
void crd_entry_call(struct crd_entry *e, const struct client_call *call);
bool crd_entry_returned(struct crd_entry *e);

/* cleanup.c: the definition is being deleted and holds our finalizer. */
void crd_cleanup(struct crd_entry *e, json_t *tree);
void crd_cleanup_again(struct crd_entry *e);
void crd_cleanup_free(struct crd_entry *e);

#endif
