/* SPDX-License-Identifier: Apache-2.0 */
#include "api/openapi/parameters.h"

const struct parameter openapi_write_parameters[] = {
	{ "dryRun", "string", "All: do everything but keep the result." },
	{ "fieldManager", "string", "Who writes, for the record of managed fields." },
	{ "fieldValidation", "string",
	  "What to do about unknown and duplicate fields: Ignore, Warn or Strict." },
	{ 0 },
};
const struct parameter openapi_patch_parameters[] = {
	{ "dryRun", "string", "All: do everything but keep the result." },
	{ "fieldManager", "string",
	  "Who writes, for the record of managed fields; required for apply." },
	{ "fieldValidation", "string",
	  "What to do about unknown and duplicate fields: Ignore, Warn or Strict." },
	{ "force", "boolean", "Apply: take over fields that others manage." },
	{ 0 },
};
const struct parameter openapi_delete_parameters[] = {
	{ "dryRun", "string", "All: do everything but keep the result." },
	{ "gracePeriodSeconds", "integer", "How long the object may take to end; 0: at once." },
	{ "ignoreStoreReadErrorWithClusterBreakingPotential", "boolean",
	  "Delete even what can't be read." },
	{ "orphanDependents", "boolean",
	  "Deprecated: leave dependents alone; use propagationPolicy." },
	{ "propagationPolicy", "string",
	  "What becomes of dependents: Orphan, Background or Foreground." },
	{ 0 },
};
const struct parameter openapi_sweep_parameters[] = {
	/* of a collection's deletion */
	{ "dryRun", "string", "All: do everything but keep the result." },
	{ "gracePeriodSeconds", "integer", "How long the object may take to end; 0: at once." },
	{ "ignoreStoreReadErrorWithClusterBreakingPotential", "boolean",
	  "Delete even what can't be read." },
	{ "orphanDependents", "boolean",
	  "Deprecated: leave dependents alone; use propagationPolicy." },
	{ "propagationPolicy", "string",
	  "What becomes of dependents: Orphan, Background or Foreground." },
	{ "continue", "string", "Where a list with a limit goes on." },
	{ "fieldSelector", "string", "Only objects whose fields match." },
	{ "labelSelector", "string", "Only objects whose labels match." },
	{ "limit", "integer", "At most this many objects; the answer says how to continue." },
	{ "resourceVersion", "string", "How old the answer may be, or where the watch begins." },
	{ "resourceVersionMatch", "string",
	  "How resourceVersion is meant: Exact or NotOlderThan." },
	{ "sendInitialEvents", "boolean", "Begin the watch with what there is." },
	{ "shardSelector", "string", "Only objects of a part of all." },
	{ "timeoutSeconds", "integer", "End the answer after this time." },
	{ 0 },
};
const struct parameter openapi_list_parameters[] = {
	{ "allowWatchBookmarks", "boolean", "Send bookmarks while watching." },
	{ "continue", "string", "Where a list with a limit goes on." },
	{ "fieldSelector", "string", "Only objects whose fields match." },
	{ "labelSelector", "string", "Only objects whose labels match." },
	{ "limit", "integer", "At most this many objects; the answer says how to continue." },
	{ "resourceVersion", "string", "How old the answer may be, or where the watch begins." },
	{ "resourceVersionMatch", "string",
	  "How resourceVersion is meant: Exact or NotOlderThan." },
	{ "sendInitialEvents", "boolean", "Begin the watch with what there is." },
	{ "shardSelector", "string", "Only objects of a part of all." },
	{ "timeoutSeconds", "integer", "End the answer after this time." },
	{ "watch", "boolean", "Send changes as they happen instead of a list." },
	{ 0 },
};
const struct parameter openapi_no_parameters[] = { { 0 } };
