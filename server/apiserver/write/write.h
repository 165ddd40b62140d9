/* SPDX-License-Identifier: Apache-2.0 */
/* A change of one object, from trees to the transaction and its answer. create.c, update.c, patch.c, apply.c and the
 * subresources say what shall be (`modify`); this file carries it through what they share:
 *
 *   write_create: prepared tree ─► managed fields ─► admission ─► strategy ─► validation ─► put if absent
 *   write_update: current object ─► modify ─► managed fields ─► admission ─► strategy ─► validation ─► nothing changed? ─► put
 *        ▲                                                                              if still current ─┐
 *        └───────────────────── someone else was faster, and the client gave no version ◄─────────────────┘
 *
 * One `write` per request, on the request's loop; freed with write_free() after the answer. */
#ifndef SERVER_APISERVER_WRITE_WRITE_H
#define SERVER_APISERVER_WRITE_WRITE_H

#include "api/apply/managed_fields.h"
#include "server/apiserver/admission/quota_gate.h"
#include "server/apiserver/lookup.h"
#include "server/apiserver/registry/strategy.h"

#define WRITE_RETRIES_MAX 8
#define WRITE_HELD_MAX    64

struct write_held { /* a reservation that is given back unless the write commits */
	void (*give_back)(struct apiserver *s, const char *text, int number);
	char text[48];
	int number;
};

struct write_also {
	struct object *object; /* a reference */
	int64_t expect;        /* the revision that is to be replaced, or STORE_ABSENT */
	bool judged;           /* by judging admission, which can say it anew */
};

struct write {
	struct api_request *r;          /* a reference */
	const struct api_resource *res; /* as asked for; trees are in this version */
	const struct strategy *strategy;
	const char *subresource; /* "" : the object itself */
	struct str ns, name, key;
	struct object *old_object; /* reference; NULL on create */
	json_t *old, *tree;        /* tree: what is to be stored */
	json_t *body;              /* of the caller: the decoded body, kept over retries */
	struct object *object;     /* the new version; reference */
	struct managed_by by;
	const char *operation; /* "CREATE", "UPDATE", "DELETE" for admission */
	bool create_on_update, managed_done, generated, judging;
	int attempts, status;
	void *extra; /* of the caller, in the request's arena */

	int (*modify)(struct write *w, struct err *err); /* sets w->tree from w->old */
	void (*answer)(struct write *w);                 /* NULL: the object */
	/* NULL: answer and free. Gets the outcome; must see to write_free(). */
	void (*done)(struct write *w, const struct err *err);

	struct write_held held[WRITE_HELD_MAX];
	size_t nheld;
	/* What else is stored in the same transaction: objects of other keys, as admission and strategies say. */
	struct write_also *also; /* heap */
	size_t nalso, also_cap;
	struct store_op *ops; /* heap: the object's, then those */
	struct store_txn txn;

	struct quota_turn turn; /* admission/quota.h */
	void (*resume)(struct write *w);

	struct loop_delay delay; /* admission/account_wait.h */
	void (*delayed)(struct write *w);
	int rounds;
};

struct write *write_new(struct api_request *r, const struct api_resource *res,
			const char *subresource, struct str ns, struct str name);
void write_free(struct write *w);
/* w->tree is decoded and defaulted. */
void write_create(struct write *w);
void write_update(struct write *w);
/* Answers with an error (or done()) and frees. */
void write_fail(struct write *w, const struct err *err);
void write_hold(struct write *w, void (*give_back)(struct apiserver *, const char *, int),
		const char *text, int number);
/* Stores o in the same transaction; takes the reference. When someone else was faster with
 * what judging admission stores, that is asked again; with anything else, the write fails. */
void write_also(struct write *w, struct object *o, int64_t expect);
/* The manager and operation from the request's options. */
void write_managed_by(struct write *w, const char *operation);
/* `Operation cannot be fulfilled on pods "x": the object has been modified; …` */
int write_conflict(struct write *w, struct err *err);

#endif
