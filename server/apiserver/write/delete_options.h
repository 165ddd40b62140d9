/* SPDX-License-Identifier: Apache-2.0 */
/* DeleteOptions from the body or the query, checked, and what they mean for finalizers and grace. Pure functions. Follows
 * upstream's registry/rest (BeforeDelete) and registry/generic/registry (finalizers for garbage collection). */
#ifndef SERVER_APISERVER_WRITE_DELETE_OPTIONS_H
#define SERVER_APISERVER_WRITE_DELETE_OPTIONS_H

#include <jansson.h>

#include "server/apiserver/options.h"

/* The body's values over the query's. */
int delete_options_read(struct arena *a, const json_t *body, struct request_options *o,
			struct err *err);

enum delete_plan {
	DELETE_NOW,     /* take it out of the store */
	DELETE_MARK,    /* write `tree`: timestamps or finalizers changed */
	DELETE_PENDING, /* it is being deleted and nothing changes */
};
struct delete_facts {
	bool pod;     /* pods are given time */
	bool orphans; /* dependents stay unless the options say otherwise */
	int64_t now_s;
};
/* Decides, and changes `tree` when it is to be written. */
enum delete_plan delete_plan_make(json_t *tree, const struct request_options *o,
				  const struct delete_facts *f);

#endif
