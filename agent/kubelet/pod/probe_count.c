/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/pod/probe_count.h"

enum probe_verdict probe_judge(struct probe_count *c, const struct probe_limits *limits, bool ok)
{
	c->run = c->run > 0 && c->last_ok == ok ? c->run + 1 : 1;
	c->last_ok = ok;
	if (ok)
		return c->run >= limits->success ? VERDICT_PASSED : VERDICT_NONE;
	return c->run >= limits->failure ? VERDICT_FAILED : VERDICT_NONE;
}
