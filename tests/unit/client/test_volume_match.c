/* SPDX-License-Identifier: Apache-2.0 */
#include "client/volume_match.h"

#include "api/decode.h"
#include "base/mem.h"
#include "tests/unit/unit.h"

#define VOLUME(spec, rest)                                                                    \
	"{\"metadata\":{\"name\":\"v\",\"labels\":{\"l\":\"1\"}" rest                         \
	"},\"spec\":{\"capacity\":{\"storage\":\"2Gi\"},\"accessModes\":[\"ReadWriteOnce\"]," \
	"\"storageClassName\":\"c\"" spec "},\"status\":{\"phase\":\"Available\"}}"
#define CLAIM(spec)                                                                               \
	"{\"metadata\":{\"name\":\"c\",\"namespace\":\"d\",\"uid\":\"u\"},\"spec\":{"             \
	"\"accessModes\":[\"ReadWriteOnce\"],\"resources\":{\"requests\":{\"storage\":\"1Gi\"}}," \
	"\"storageClassName\":\"c\"" spec "}}"
#define REF(uid) ",\"claimRef\":{\"namespace\":\"d\",\"name\":\"c\",\"uid\":\"" uid "\"}"
#define ON(n)                                                                                 \
	",\"nodeAffinity\":{\"required\":{\"nodeSelectorTerms\":[{\"matchFields\":[{\"key\":" \
	"\"metadata.name\",\"operator\":\"In\",\"values\":[\"" n "\"]}]}]}}"

static void fits_as_a_table(void **state)
{
	const struct {
		const char *volume, *claim;
		bool node, delayed;
		enum volume_fit want;
	} cases[] = {
		{ VOLUME("", ""), CLAIM(""), false, false, VOLUME_MAYBE },
		{ VOLUME("", ""), CLAIM(""), false, true, VOLUME_NO }, /* the scheduler's choice */
		{ VOLUME("", ""), CLAIM(""), true, true, VOLUME_MAYBE },
		{ VOLUME(REF("u"), ""), CLAIM(""), false, true, VOLUME_MEANT },
		{ VOLUME(REF(""), ""), CLAIM(""), false, false, VOLUME_MEANT },
		{ VOLUME(REF("x"), ""), CLAIM(""), false, false, VOLUME_NO },
		{ VOLUME("", ""), CLAIM(",\"resources\":{\"requests\":{\"storage\":\"3Gi\"}}"),
		  false, false, VOLUME_NO },
		{ VOLUME("", ""), CLAIM(",\"volumeMode\":\"Block\""), false, false, VOLUME_NO },
		{ VOLUME("", ""), CLAIM(",\"storageClassName\":\"\""), false, false, VOLUME_NO },
		{ VOLUME("", ""), CLAIM(",\"selector\":{\"matchLabels\":{\"l\":\"1\"}}"), false,
		  false, VOLUME_MAYBE },
		{ VOLUME("", ""), CLAIM(",\"selector\":{\"matchLabels\":{\"l\":\"2\"}}"), false,
		  false, VOLUME_NO },
		{ VOLUME("", ",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\""), CLAIM(""), false,
		  false, VOLUME_NO },
		{ VOLUME(ON("n"), ""), CLAIM(""), true, true, VOLUME_MAYBE },
		{ VOLUME(ON("m"), ""), CLAIM(""), true, true, VOLUME_NO },
		{ VOLUME(REF("u") ON("n"), ""), CLAIM(""), true, true, VOLUME_MEANT },
		{ VOLUME(REF("u") ON("m"), ""), CLAIM(""), true, true, VOLUME_MEANT_ELSEWHERE },
		{ VOLUME("", ""), CLAIM(",\"accessModes\":[\"ReadWriteMany\"]"), true, true,
		  VOLUME_NO },
	};
	const struct core_v1_node n = { .metadata.name = STR("n") };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		auto_arena a = { 0 };
		volume_struct v = { 0 };
		claim_struct c = { 0 };

		assert_int_equal(struct_read_json(str_from(cases[i].volume), &a,
						  api_struct_core_v1_persistent_volume, &v, NULL),
				 0);
		assert_int_equal(struct_read_json(str_from(cases[i].claim), &a,
						  api_struct_core_v1_persistent_volume_claim, &c,
						  NULL),
				 0);
		assert_int_equal(volume_fits(&v, &c, cases[i].node ? &n : NULL, cases[i].delayed),
				 cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(fits_as_a_table) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
