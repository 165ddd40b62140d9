/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of an object whose owners are in these states: pure, after pkg/controller/garbagecollector of v1.37. */
#ifndef SERVER_CONTROLLERS_CLEANUP_GARBAGE_PLAN_H
#define SERVER_CONTROLLERS_CLEANUP_GARBAGE_PLAN_H

#include <stdbool.h>
#include <stddef.h>

enum owner_state {
	OWNER_SOLID,
	OWNER_ABSENT,  /* no such object, or another one under its name */
	OWNER_WAITING, /* is being deleted in the foreground and waits for its dependents */
};
enum garbage_verdict {
	GARBAGE_KEEP,
	GARBAGE_UNLINK,            /* drop the references to owners that aren't solid */
	GARBAGE_DELETE,            /* as its finalizers say, or in the background */
	GARBAGE_DELETE_FOREGROUND, /* it has dependents of its own that the waiting owner has to wait for */
};
enum garbage_verdict garbage_plan(const enum owner_state *owners, size_t n, bool deleting,
				  bool has_dependents);

#endif
