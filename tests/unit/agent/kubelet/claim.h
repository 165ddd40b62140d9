/* SPDX-License-Identifier: Apache-2.0 */
/* What every cmocka test needs, and objects made from JSON in one line. */
#ifndef TESTS_UNIT_AGENT_KUBELET_CLAIM_H
#define TESTS_UNIT_AGENT_KUBELET_CLAIM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/decode.h"
#include "base/mem.h"

static inline struct core_v1_pod *pod_from(struct arena *a, const char *json)
{
	struct core_v1_pod *p = ARENA_NEW(a, struct core_v1_pod);
	auto_err err = { 0 };
	if (struct_read_json(str_from(json), a, api_struct_core_v1_pod, p, &err) < 0)
		fail_msg("%s: %s", json, err_text(&err));
	return p;
}

#endif
