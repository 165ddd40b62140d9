/* SPDX-License-Identifier: Apache-2.0 */
#include "api/apply/managed_scale.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tests/unit/unit.h"

/* Entries in short: "MANAGER OPERATION VERSION SUBRESOURCE FIELDS", fields as JSON; "-": no subresource; a word more: no time. */
static json_t *entries(const char *const *rows)
{
	json_t *list = json_array();
	for (; *rows; rows++) {
		char manager[32], operation[16], version[32], sub[16], fields[128], more[16];
		int n = sscanf(*rows, "%31s %15s %31s %15s %127s %15s", manager, operation, version,
			       sub, fields, more);
		assert_in_range(n, 5, 6);
		json_t *e = json_pack("{s:s,s:s,s:s,s:s,s:s,s:o}", "manager", manager, "operation",
				      operation, "apiVersion", version, "time",
				      "2026-01-01T00:00:00Z", "fieldsType", "FieldsV1", "fieldsV1",
				      json_loads(fields, 0, NULL));
		if (strcmp(sub, "-"))
			json_object_set_new(e, "subresource", json_string(sub));
		if (n == 6)
			json_object_del(e, "time");
		json_array_append_new(list, e);
	}
	return list;
}

static void expect(json_t *have, const char *const *rows)
{
	json_t *want = entries(rows);
	auto_free char *a = json_dumps(want, JSON_SORT_KEYS),
		       *b = have ? json_dumps(have, JSON_SORT_KEYS) : strdup("[]");
	assert_string_equal(b, a);
	json_decref(want);
	json_decref(have);
}

#define REPLICAS "{\"f:spec\":{\"f:replicas\":{}}}"
#define BOTH     "{\"f:spec\":{\"f:paused\":{},\"f:replicas\":{}}}"
#define PAUSED   "{\"f:spec\":{\"f:paused\":{}}}"

static void owners_of_replicas_own_the_scale(void **state)
{
	(void)state;
	json_t *object = entries(
		(const char *[]){ "a Apply apps/v1 - " PAUSED, "m Update apps/v1 - " BOTH, NULL });
	expect(managed_to_scale(object, "spec.replicas"),
	       (const char *[]){ "m Update autoscaling/v1 - " REPLICAS, NULL });
	expect(managed_to_scale(object, "spec.paused.times"), (const char *[]){ NULL });
	json_decref(object);
}

static void who_lost_the_scale_keeps_the_rest(void **state)
{
	(void)state;
	json_t *object = entries((const char *[]){ "m Update apps/v1 - " BOTH,
						   "n Update apps/v1 - " REPLICAS, NULL }),
	       *scale = entries((const char *[]){ "s Apply autoscaling/v1 scale " REPLICAS, NULL });
	expect(managed_from_scale(object, scale, STR("apps/v1"), "spec.replicas"),
	       (const char *[]){ "s Apply apps/v1 scale " REPLICAS " timeless",
				 "m Update apps/v1 - " PAUSED, NULL });
	json_decref(object);
	json_decref(scale);
}

static void an_applier_who_still_owns_the_scale_stays_as_he_was(void **state)
{
	(void)state;
	json_t *object = entries((const char *[]){ "m Apply apps/v1 - " BOTH, NULL }),
	       *scale = entries((const char *[]){ "m Apply autoscaling/v1 - " REPLICAS, NULL });
	expect(managed_from_scale(object, scale, STR("apps/v1"), "spec.replicas"),
	       (const char *[]){ "m Apply apps/v1 - " BOTH, NULL });
	json_decref(object);
	json_decref(scale);
}

/* Upstream finds no entry of the other version, whose owner this is. */
static void an_updater_who_still_owns_the_scale_has_an_entry_for_it(void **state)
{
	(void)state;
	json_t *object = entries((const char *[]){ "m Update apps/v1 - " BOTH, NULL }),
	       *scale = entries((const char *[]){ "m Update autoscaling/v1 - " REPLICAS, NULL });
	expect(managed_from_scale(object, scale, STR("apps/v1"), "spec.replicas"),
	       (const char *[]){ "m Update apps/v1 - " REPLICAS " timeless",
				 "m Update apps/v1 - " PAUSED, NULL });
	json_decref(object);
	json_decref(scale);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(owners_of_replicas_own_the_scale),
		cmocka_unit_test(who_lost_the_scale_keeps_the_rest),
		cmocka_unit_test(an_applier_who_still_owns_the_scale_stays_as_he_was),
		cmocka_unit_test(an_updater_who_still_owns_the_scale_has_an_entry_for_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
