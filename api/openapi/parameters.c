/* SPDX-License-Identifier: Apache-2.0 */
#include "api/openapi/parameters.h"

#define DRY_RUN                                                               \
	{                                                                     \
		"dryRun", "string", "All: do everything but keep the result." \
	}
#define FIELD_VALIDATION                                                                         \
	{                                                                                        \
		"fieldValidation", "string",                                                     \
			"What to do about unknown and duplicate fields: Ignore, Warn or Strict." \
	}
/* How objects go. */
#define DELETION                                                                        \
	DRY_RUN,                                                                        \
		{ "gracePeriodSeconds", "integer",                                      \
		  "How long the object may take to end; 0: at once." },                 \
		{ "ignoreStoreReadErrorWithClusterBreakingPotential", "boolean",        \
		  "Delete even what can't be read." },                                  \
		{ "orphanDependents", "boolean",                                        \
		  "Deprecated: leave dependents alone; use propagationPolicy." },       \
	{                                                                               \
		"propagationPolicy", "string",                                          \
			"What becomes of dependents: Orphan, Background or Foreground." \
	}
/* Which objects are meant. */
#define SELECTION                                                                          \
	{ "continue", "string", "Where a list with a limit goes on." },                    \
		{ "fieldSelector", "string", "Only objects whose fields match." },         \
		{ "labelSelector", "string", "Only objects whose labels match." },         \
		{ "limit", "integer",                                                      \
		  "At most this many objects; the answer says how to continue." },         \
		{ "resourceVersion", "string",                                             \
		  "How old the answer may be, or where the watch begins." },               \
		{ "resourceVersionMatch", "string",                                        \
		  "How resourceVersion is meant: Exact or NotOlderThan." },                \
		{ "sendInitialEvents", "boolean", "Begin the watch with what there is." }, \
		{ "shardSelector", "string", "Only objects of a part of all." },           \
	{                                                                                  \
		"timeoutSeconds", "integer", "End the answer after this time."             \
	}

const struct parameter openapi_write_parameters[] = {
	DRY_RUN,
	{ "fieldManager", "string", "Who writes, for the record of managed fields." },
	FIELD_VALIDATION,
	{ 0 },
};
const struct parameter openapi_patch_parameters[] = {
	DRY_RUN,
	{ "fieldManager", "string",
	  "Who writes, for the record of managed fields; required for apply." },
	FIELD_VALIDATION,
	{ "force", "boolean", "Apply: take over fields that others manage." },
	{ 0 },
};
const struct parameter openapi_delete_parameters[] = { DELETION, { 0 } };
const struct parameter openapi_sweep_parameters[] = { DELETION,
						      SELECTION,
						      { 0 } }; /* of a collection */
const struct parameter openapi_list_parameters[] = {
	{ "allowWatchBookmarks", "boolean", "Send bookmarks while watching." },
	SELECTION,
	{ "watch", "boolean", "Send changes as they happen instead of a list." },
	{ 0 },
};
const struct parameter openapi_no_parameters[] = { { 0 } };
