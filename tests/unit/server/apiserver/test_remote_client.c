/* SPDX-License-Identifier: Apache-2.0 */
/* client/remote.h against a whole API server over TLS on the loopback, both on one loop. */
#include "tests/unit/unit.h"

#include "api/object/meta.h"
#include "base/file.h"
#include "base/mem.h"
#include "client/informer.h"
#include "client/remote.h"
#include "server/apiserver/server.h"
#include "tests/unit/server/apiserver/server_fixture.h"

static struct fixture fixture;
static struct client *admin;

static struct client *remote_with(const char *pair, const char *ca, const char *token,
				  struct err *err)
{
	auto_buf cert = { 0 }, key = { 0 }, authority = { 0 };
	const struct {
		const char *directory, *name, *end;
		struct buf *to;
	} files[] = { { "server/tls", pair, ".crt", &cert },
		      { "server/tls", pair, ".key", &key },
		      { "server/tls", ca, ".crt", &authority } };
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		auto_free char *path = str_printf("%s/%s/%s%s", fixture.dir, files[i].directory,
						  files[i].name ? files[i].name : "", files[i].end);
		if (files[i].name)
			assert_int_equal(0, file_read(path, 1 << 20, files[i].to, err));
	}
	const struct remote_config c = { .loop = &fixture.loop,
					 .host = "127.0.0.1",
					 .port = fixture.server->port,
					 .ca_pem = buf_view(&authority),
					 .cert_pem = buf_view(&cert),
					 .key_pem = buf_view(&key),
					 .token = token,
					 .user = "tester",
					 .agent = "tester" };
	struct client *out = NULL;
	assert_int_equal(0, remote_client_new(&c, &out, err));
	return out;
}

static int start(void **state)
{
	(void)state;
	if (fixture_start(&fixture) < 0)
		return -1;
	admin = remote_with("client-admin", "server-ca", NULL, NULL);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	remote_client_free(admin);
	fixture_stop(&fixture);
	return 0;
}

static struct answer call(enum api_verb verb, const char *name, const char *body)
{
	return fixture_call(&fixture, admin, verb, "v1/configmaps", "default", name, NULL, body);
}

static void expect(struct answer a, int code, enum err_reason reason)
{
	assert_int_equal(a.code, code);
	assert_int_equal(a.reason, reason);
	answer_free(&a);
}

static void what_is_created_can_be_read_changed_and_deleted(void **state)
{
	(void)state;
	struct answer a =
		call(API_CREATE, NULL, "{\"metadata\":{\"name\":\"a\"},\"data\":{\"k\":\"1\"}}");
	assert_int_equal(a.code, 201);
	json_t *managed = json_array_get(json_object_get(meta_of(a.tree), "managedFields"), 0);
	assert_true(str_eqz(tree_get_str(managed, "manager", NULL), "tester"));
	answer_free(&a);
	expect(call(API_PATCH, "a", "{\"data\":{\"k\":\"2\"}}"), 200, ERR_NONE);
	a = call(API_GET, "a", NULL);
	assert_true(str_eqz(tree_get_str(a.tree, "data", "k", NULL), "2"));
	auto_free char *whole = json_dumps(a.tree, 0);
	answer_free(&a);
	expect(call(API_UPDATE, "a", whole), 200, ERR_NONE);
	expect(call(API_DELETE, "a", NULL), 200, ERR_NONE);
	a = call(API_GET, "a", NULL);
	assert_int_equal(a.reason, ERR_NOT_FOUND);
	assert_string_equal(a.message, "configmaps \"a\" not found");
	answer_free(&a);
}

static void a_stranger_gets_nothing(void **state)
{
	(void)state;
	struct client *nobody = remote_with(NULL, "server-ca", "abcdef.0123456789abcdef", NULL);
	struct answer a =
		fixture_call(&fixture, nobody, API_LIST_VERB, "v1/secrets", NULL, NULL, NULL, NULL);
	assert_int_equal(a.reason, ERR_UNAUTHORIZED);
	answer_free(&a);
	remote_client_free(nobody);
}

static void a_server_of_another_authority_is_not_talked_to(void **state)
{
	(void)state;
	struct client *wrong = remote_with("client-admin", "client-ca", NULL, NULL);
	struct answer a = fixture_call(&fixture, wrong, API_GET, "v1/namespaces", NULL, "default",
				       NULL, NULL);
	assert_int_equal(a.code, 0);
	assert_int_not_equal(a.reason, ERR_NONE);
	answer_free(&a);
	remote_client_free(wrong);
}

/* --- watches --- */

struct wait {
	const struct informer *informer;
	size_t count;
	const char *name;
};

static bool holds(void *ctx)
{
	struct wait *w = ctx;
	if (!informer_synced(w->informer) || informer_count(w->informer) != w->count)
		return false;
	const struct object *o =
		w->name ? informer_get(w->informer, STR("default"), str_from(w->name)) : NULL;
	return !w->name || (o && str_contains(o->json, STR("\"k\":\"changed\"")));
}

static struct informer *view(struct client *c, const char *labels)
{
	struct informer *i = informer_new(c, fixture_resource("v1/configmaps"), STR("default"),
					  str_from(labels), STR(""));
	informer_start(i);
	return i;
}

static void wait_for(const struct informer *i, size_t count, const char *changed)
{
	struct wait w = { i, count, changed };
	fixture_run_until(&fixture, holds, &w);
}

static void create(const char *name, const char *label)
{
	auto_free char *body =
		str_printf("{\"metadata\":{\"name\":\"%s\",\"labels\":{\"t\":\"%s\"}},"
			   "\"data\":{\"k\":\"new\"}}",
			   name, label);
	expect(fixture_call(&fixture, fixture.admin, API_CREATE, "v1/configmaps", "default", NULL,
			    NULL, body),
	       201, ERR_NONE);
}

static void a_view_follows_its_resource(void **state)
{
	(void)state;
	create("w1", "view");
	create("other", "else");
	struct informer *i = view(admin, "t=view");
	wait_for(i, 1, NULL);
	create("w2", "view");
	wait_for(i, 2, NULL);
	expect(call(API_PATCH, "w2", "{\"data\":{\"k\":\"changed\"}}"), 200, ERR_NONE);
	wait_for(i, 2, "w2");
	expect(call(API_DELETE, "w1", NULL), 200, ERR_NONE);
	wait_for(i, 1, "w2");
	informer_free(i);
}

static void a_list_of_many_pages_is_seen_as_one(void **state)
{
	(void)state;
	for (int n = 0; n < 1100; n++) {
		char name[16];
		snprintf(name, sizeof(name), "many-%d", n);
		create(name, "many");
	}
	struct informer *i = view(admin, "t=many");
	wait_for(i, 1100, NULL);
	informer_free(i);
}

static void a_view_outlives_a_renewed_certificate(void **state)
{
	(void)state;
	auto_buf cert = { 0 }, key = { 0 };
	auto_free char *base = str_printf("%s/server/tls/client-admin", fixture.dir);
	auto_free char *cert_path = str_printf("%s.crt", base),
		       *key_path = str_printf("%s.key", base);
	create("r1", "renewed");
	struct informer *i = view(admin, "t=renewed");
	wait_for(i, 1, NULL);
	assert_int_equal(0, file_read(cert_path, 1 << 20, &cert, NULL));
	assert_int_equal(0, file_read(key_path, 1 << 20, &key, NULL));
	assert_int_equal(0, remote_client_renew(admin, buf_view(&cert), buf_view(&key), NULL));
	create("r2", "renewed");
	wait_for(i, 2, NULL);
	informer_free(i);
}

static bool flag(void *ctx)
{
	return *(bool *)ctx;
}

static void stopped(void *ctx)
{
	*(bool *)ctx = true;
}

static bool is_ready(void *ctx)
{
	return apiserver_ready(ctx);
}

static void a_view_outlives_the_server(void **state)
{
	static const char *const addresses[] = { "127.0.0.1", NULL };
	struct apiserver_config c = { .data_dir = fixture.dir,
				      .bind_addresses = addresses,
				      .port = fixture.server->port,
				      .service_cidr = "10.43.0.0/16",
				      .loops = (struct loop *[]){ &fixture.loop },
				      .nloops = 1 };
	bool over = false;
	(void)state;
	create("s1", "server");
	create("s2", "server");
	struct informer *i = view(admin, "t=server");
	wait_for(i, 2, NULL);
	apiserver_stop(fixture.server, stopped, &over);
	fixture_run_until(&fixture, flag, &over);
	apiserver_free(fixture.server);
	struct answer a = call(API_GET, "s1", NULL);
	assert_int_equal(a.code, 0); /* nobody there: told, not kept waiting */
	answer_free(&a);
	assert_int_equal(0, apiserver_start(&c, &fixture.server, NULL));
	fixture.admin = fixture_client(&fixture, "admin", "system:masters");
	fixture_run_until(&fixture, is_ready, fixture.server);
	create("s3", "server");
	expect(call(API_DELETE, "s1", NULL), 200, ERR_NONE);
	expect(call(API_PATCH, "s2", "{\"data\":{\"k\":\"changed\"}}"), 200, ERR_NONE);
	wait_for(i, 2, "s2");
	informer_free(i);
}

static void freed(struct loop_msg *m)
{
	*(bool *)(void *)(m + 1) = true;
}

static void a_view_can_end_at_any_moment(void **state)
{
	(void)state;
	for (int turns = 0; turns < 12; turns++) {
		struct informer *i = view(admin, "");
		for (int n = 0; n < turns; n++)
			uv_run(&fixture.loop.uv, UV_RUN_NOWAIT);
		informer_free(i);
	}
	struct {
		struct loop_msg m;
		bool done;
	} last = { { .run = freed }, false };
	loop_post(&fixture.loop, &last.m);
	fixture_run_until(&fixture, flag, &last.done);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_created_can_be_read_changed_and_deleted),
		cmocka_unit_test(a_stranger_gets_nothing),
		cmocka_unit_test(a_server_of_another_authority_is_not_talked_to),
		cmocka_unit_test(a_view_follows_its_resource),
		cmocka_unit_test(a_list_of_many_pages_is_seen_as_one),
		cmocka_unit_test(a_view_outlives_a_renewed_certificate),
		cmocka_unit_test(a_view_can_end_at_any_moment),
		cmocka_unit_test(a_view_outlives_the_server),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
