/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "base/mem.h"
#include "generated/api_tables.h"
#include "server/controllers/cleanup/garbage_plan.h"
#include "server/controllers/owners.h"

static void owners_decide(void **state)
{
	const struct {
		enum owner_state owners[3];
		size_t n;
		bool deleting, dependents;
		enum garbage_verdict verdict;
	} cases[] = {
		{ { 0 }, 0, false, true, GARBAGE_KEEP },
		{ { OWNER_SOLID }, 1, false, true, GARBAGE_KEEP },
		{ { OWNER_ABSENT }, 1, false, true, GARBAGE_DELETE },
		{ { OWNER_ABSENT }, 1, true, false, GARBAGE_KEEP }, /* already on its way */
		{ { OWNER_SOLID, OWNER_ABSENT }, 2, false, false, GARBAGE_UNLINK },
		{ { OWNER_SOLID, OWNER_WAITING }, 2, false, false, GARBAGE_UNLINK },
		{ { OWNER_WAITING }, 1, false, false, GARBAGE_DELETE },
		{ { OWNER_WAITING, OWNER_ABSENT }, 2, false, true, GARBAGE_DELETE_FOREGROUND },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_int_equal(garbage_plan(cases[i].owners, cases[i].n, cases[i].deleting,
					      cases[i].dependents),
				 cases[i].verdict);
}

static void owners_are_read_from_the_bytes(void **state)
{
	const char json[] =
		"{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"p\","
		"\"namespace\":\"d\",\"uid\":\"pu\","
		"\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"name\":\"n\","
		"\"uid\":\"u1\"},{\"apiVersion\":"
		"\"apps/"
		"v1\",\"kind\":\"ReplicaSet\",\"name\":\"r\",\"uid\":\"u2\",\"controller\":true,"
		"\"blockOwnerDeletion\":true}],\"finalizers\":[\"a\",\"orphan\"]},\"spec\":{\"x\":["
		"{}]}}";
	struct owner all[OWNERS_MAX], c;
	struct str uids[4];
	struct object *o;

	(void)state;
	assert_int_equal(object_new(API_CORE_V1_PODS, STR("/registry/pods/d/p"), str_from(json), &o,
				    NULL),
			 0);
	object_seal(o, 5);
	assert_int_equal(owners_of(o, all), 2);
	assert_true(str_eqz(all[0].kind, "Node") && !all[0].controller && !all[0].blocks);
	assert_true(owner_controller(o, &c));
	assert_true(str_eqz(c.name, "r") && str_eqz(c.api_version, "apps/v1") && c.blocks);
	assert_int_equal(owner_index_all(o, uids, 4), 2);
	assert_int_equal(owner_index_controller(o, uids, 4), 1);
	assert_true(str_eqz(uids[0], "u2"));
	assert_true(object_has_finalizer(o, STR("orphan")));
	assert_false(object_has_finalizer(o, STR("foregroundDeletion")));
	object_unref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(owners_decide),
		cmocka_unit_test(owners_are_read_from_the_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
