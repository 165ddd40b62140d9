/* SPDX-License-Identifier: Apache-2.0 */
/* Query parameters of the API: ListOptions, CreateOptions, UpdateOptions, PatchOptions, DeleteOptions, and what any path
 * may ask. Source: meta/v1 types of the Kubernetes API. */
#ifndef SERVER_APISERVER_OPTIONS_H
#define SERVER_APISERVER_OPTIONS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/url.h"

#define UUID_TEXT_SIZE 37

enum field_validation {
	VALIDATE_WARN,
	VALIDATE_IGNORE,
	VALIDATE_STRICT
}; /* upstream's default is Warn */

struct request_options {
	struct str label_selector, field_selector;
	bool watch, allow_bookmarks, send_initial_events, has_send_initial_events;
	struct str resource_version, resource_version_match, continue_token;
	int64_t limit;
	int64_t timeout_s; /* 0: not given */
	bool dry_run;
	struct str field_manager;
	enum field_validation field_validation;
	bool force, has_force;
	/* DeleteOptions; the body's win */
	int64_t grace_s;
	bool has_grace;
	struct str propagation; /* "" | Orphan | Background | Foreground */
	bool has_orphan, orphan;
	bool unsafe;          /* ignoreStoreReadErrorWithClusterBreakingPotential */
	uint32_t refused_for; /* verbs that can't do with what was wrong */
	struct str pre_uid, pre_version;
	struct str pretty;
};

/* Single values as upstream's decoder of queries reads them. */
bool option_bool(struct str v);
int option_number(struct str v, int64_t *out, struct err *err);
/* Parses the still encoded query. Values that upstream's decoder refuses give BadRequest in its words. */
int options_parse(struct arena *a, struct str query, struct request_options *out, struct err *err);
#endif
