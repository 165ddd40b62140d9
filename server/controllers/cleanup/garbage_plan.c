/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/cleanup/garbage_plan.h"

enum garbage_verdict garbage_plan(const enum owner_state *owners, size_t n, bool deleting,
				  bool has_dependents)
{
	size_t count[3] = { 0 };

	for (size_t i = 0; i < n; i++)
		count[owners[i]]++;
	if (!n || deleting || count[OWNER_SOLID] == n)
		return GARBAGE_KEEP;
	if (count[OWNER_SOLID])
		return GARBAGE_UNLINK;
	return count[OWNER_WAITING] && has_dependents ? GARBAGE_DELETE_FOREGROUND : GARBAGE_DELETE;
}
