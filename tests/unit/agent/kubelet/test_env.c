/* SPDX-License-Identifier: Apache-2.0 */
#include "claim.h"

#include "agent/kubelet/pod/env.h"

static const struct core_v1_config_map *config_map(void *ctx, struct str name)
{
	static struct api_str_pair pairs[] = { { STR_INIT("color"), STR_INIT("blue") },
					       { STR_INIT("SIZE"), STR_INIT("9") } };
	static struct core_v1_config_map m = { .data = { pairs, 2 } };
	(void)ctx;
	return str_eqz(name, "conf") ? &m : NULL;
}

static const struct core_v1_secret *secret(void *ctx, struct str name)
{
	static struct api_str_pair pairs[] = { { STR_INIT("token"), STR_INIT("hush") } };
	static struct core_v1_secret s = { .data = { pairs, 1 } };
	(void)ctx;
	return str_eqz(name, "sec") ? &s : NULL;
}

static const char *const ips[] = { "10.0.0.7", "fd00::7", NULL };

static int build(struct arena *a, const char *container,
		 const struct core_v1_service *const *services, struct env_list *out,
		 struct err *err)
{
	struct core_v1_pod *p =
		pod_from(a, arena_printf(a,
					 "{\"metadata\":{\"name\":\"p\",\"namespace\":\"ns\","
					 "\"labels\":{\"app\":\"web\"}},"
					 "\"spec\":{\"nodeName\":\"n1\",\"containers\":[%s]}}",
					 container));
	struct pod_source s = {
		.config_map = config_map,
		.secret = secret,
		.services = services,
		.fields = { .pod = p,
			    .pod_ips = ips,
			    .host_ips = ips,
			    .node_cpu_milli = 2000,
			    .node_memory_bytes = 1 << 30 },
	};
	return env_build(&s, &p->spec.containers.items[0], a, out, err);
}

static const char *value(struct arena *a, const char *env, const char *name)
{
	struct env_list l;
	auto_err err = { 0 };
	if (build(a,
		  arena_printf(a,
			       "{\"name\":\"c\",\"env\":[%s],\"resources\":{\"limits\":{\"cpu\":"
			       "\"1500m\"}}}",
			       env),
		  NULL, &l, &err) < 0)
		return arena_strdup(a, str_from(err_text(&err)));
	struct str v = env_get(&l, str_from(name));
	return v.p ? arena_strdup(a, v) : "unset";
}

static void references_expand_to_what_stands_before_them(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	static const struct {
		const char *env, *want;
	} rows[] = {
		{ "{\"name\":\"A\",\"value\":\"x\"},{\"name\":\"X\",\"value\":\"$(A)y\"}", "xy" },
		{ "{\"name\":\"X\",\"value\":\"$(B)\"},{\"name\":\"B\",\"value\":\"late\"}",
		  "$(B)" },
		{ "{\"name\":\"A\",\"value\":\"x\"},{\"name\":\"X\",\"value\":\"$$(A)\"}", "$(A)" },
		{ "{\"name\":\"X\",\"value\":\"5$ $\"}", "5$ $" },
		{ "{\"name\":\"X\",\"value\":\"$(open\"}", "$(open" },
		{ "{\"name\":\"X\"}", "" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_string_equal(value(&a, rows[i].env, "X"), rows[i].want);
}

static void values_come_from_every_source(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	static const struct {
		const char *from, *want;
	} rows[] = {
		{ "{\"fieldRef\":{\"fieldPath\":\"metadata.name\"}}", "p" },
		{ "{\"fieldRef\":{\"fieldPath\":\"metadata.labels['app']\"}}", "web" },
		{ "{\"fieldRef\":{\"fieldPath\":\"status.podIP\"}}", "10.0.0.7" },
		{ "{\"fieldRef\":{\"fieldPath\":\"status.podIPs\"}}", "10.0.0.7,fd00::7" },
		{ "{\"resourceFieldRef\":{\"resource\":\"limits.cpu\"}}", "2" },
		{ "{\"resourceFieldRef\":{\"resource\":\"limits.cpu\",\"divisor\":\"1m\"}}",
		  "1500" },
		{ "{\"resourceFieldRef\":{\"resource\":\"limits.memory\",\"divisor\":\"1Mi\"}}",
		  "1024" },
		{ "{\"configMapKeyRef\":{\"name\":\"conf\",\"key\":\"color\"}}", "blue" },
		{ "{\"secretKeyRef\":{\"name\":\"sec\",\"key\":\"token\"}}", "hush" },
		{ "{\"secretKeyRef\":{\"name\":\"none\",\"key\":\"token\",\"optional\":true}}",
		  "unset" },
		{ "{\"secretKeyRef\":{\"name\":\"none\",\"key\":\"token\"}}",
		  "secret \"none\" not found" },
		{ "{\"configMapKeyRef\":{\"name\":\"conf\",\"key\":\"no\"}}",
		  "couldn't find key no in ConfigMap ns/conf" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_string_equal(value(&a,
					  arena_printf(&a, "{\"name\":\"X\",\"valueFrom\":%s}",
						       rows[i].from),
					  "X"),
				    rows[i].want);
}

static void env_wins_over_env_from(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	struct env_list l;
	assert_int_equal(build(&a,
			       "{\"name\":\"c\",\"envFrom\":[{\"prefix\":\"P_\",\"configMapRef\":{"
			       "\"name\":\"conf\"}}],"
			       "\"env\":[{\"name\":\"P_SIZE\",\"value\":\"1\"}]}",
			       NULL, &l, NULL),
			 0);
	assert_true(str_eqz(env_get(&l, STR("P_color")), "blue"));
	assert_true(str_eqz(env_get(&l, STR("P_SIZE")), "1"));
}

static void services_become_links(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	struct env_list l;
	struct core_v1_service_port port = { .name = STR("web-ui"),
					     .protocol = STR("TCP"),
					     .port = 80 };
	struct core_v1_service s = { .metadata = { .name = STR("my-app"), .namespace = STR("ns") },
				     .spec = { .cluster_ip = STR("10.96.0.9"),
					       .ports = { &port, 1 } } };
	struct core_v1_service headless = s;
	headless.metadata.name = STR("no-ip");
	headless.spec.cluster_ip = STR("None");
	const struct core_v1_service *all[] = { &s, &headless, NULL };
	assert_int_equal(build(&a, "{\"name\":\"c\"}", all, &l, NULL), 0);
	assert_true(str_eqz(env_get(&l, STR("MY_APP_SERVICE_HOST")), "10.96.0.9"));
	assert_true(str_eqz(env_get(&l, STR("MY_APP_SERVICE_PORT_WEB_UI")), "80"));
	assert_true(str_eqz(env_get(&l, STR("MY_APP_PORT_80_TCP")), "tcp://10.96.0.9:80"));
	assert_null(env_get(&l, STR("NO_IP_SERVICE_HOST")).p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(references_expand_to_what_stands_before_them),
		cmocka_unit_test(values_come_from_every_source),
		cmocka_unit_test(env_wins_over_env_from),
		cmocka_unit_test(services_become_links),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
