/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "server/apiserver/crd/registry.h"
#include "server/apiserver/request.h"
#include "server/apiserver/server.h"

static struct apiserver server;

static struct api_request *routed(const char *method, const char *path, const char *query)
{
	server.clock = clock_real();
	if (!server.crds)
		server.crds = crd_registry_new();
	struct api_request *r = request_new(&server, NULL, NULL);
	r->method = str_from(method);
	r->path = str_from(path);
	r->query = str_from(query);
	request_route(r);
	return r;
}

static void assert_str(struct str s, const char *expected)
{
	auto_free char *text = str_dup(s);
	assert_string_equal(text, expected);
}

static void a_name_below_a_collection_is_a_get(void **state)
{
	(void)state;
	struct api_request *r = routed("GET", "/api/v1/namespaces/default/pods/web", "");
	assert_string_equal(r->verb_text, "get");
	assert_str(r->plural, "pods");
	assert_str(r->ns, "default");
	assert_str(r->name, "web");
	assert_string_equal(r->resource->kind, "Pod");
	request_unref(r);
}

static void a_collection_is_listed_watched_or_deleted_as_a_whole(void **state)
{
	(void)state;
	static const struct {
		const char *method, *query, *verb;
	} rows[] = { { "GET", "", "list" },
		     { "GET", "watch=true", "watch" },
		     { "GET", "watch=0", "list" },
		     { "DELETE", "", "deletecollection" },
		     { "POST", "", "create" } };
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct api_request *r =
			routed(rows[i].method, "/apis/apps/v1/namespaces/a/deployments",
			       rows[i].query);
		assert_string_equal(r->verb_text, rows[i].verb);
		assert_str(r->group, "apps");
		request_unref(r);
	}
}

static void a_namespace_is_a_resource_and_has_subresources(void **state)
{
	(void)state;
	struct api_request *r = routed("PUT", "/api/v1/namespaces/a/finalize", "");
	assert_str(r->plural, "namespaces");
	assert_str(r->name, "a");
	assert_str(r->subresource, "finalize");
	assert_non_null(r->sub);
	request_unref(r);
	r = routed("GET", "/api/v1/namespaces/a", "");
	assert_str(r->plural, "namespaces");
	assert_string_equal(r->verb_text, "get");
	request_unref(r);
}

static void streams_are_connects_whatever_the_method(void **state)
{
	(void)state;
	struct api_request *r = routed("POST", "/api/v1/namespaces/a/pods/p/exec", "command=sh");
	assert_int_equal(r->verb, API_CONNECT);
	assert_string_equal(r->verb_text, "create"); /* what authorization is asked */
	request_unref(r);
	r = routed("GET", "/api/v1/namespaces/a/services/s:http/proxy/x/y", "");
	assert_int_equal(r->verb, API_CONNECT);
	assert_str(r->subpath, "x/y");
	request_unref(r);
}

static void unknown_resources_keep_their_words_for_authorization(void **state)
{
	(void)state;
	struct api_request *r = routed("GET", "/apis/example.com/v1/things", "");
	assert_true(r->is_resource_path);
	assert_null(r->resource);
	assert_str(r->group, "example.com");
	assert_str(r->plural, "things");
	request_unref(r);
}

static void a_cluster_resource_is_not_found_inside_a_namespace(void **state)
{
	(void)state;
	struct api_request *r = routed("GET", "/api/v1/namespaces/a/nodes", "");
	assert_null(r->resource);
	request_unref(r);
}

static void what_is_no_resource_keeps_its_path(void **state)
{
	(void)state;
	static const char *const paths[] = { "/",        "/api",    "/api/v1", "/apis/apps/v1",
					     "/healthz", "/version" };
	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		struct api_request *r = routed("GET", paths[i], "");
		assert_false(r->is_resource_path);
		assert_string_equal(r->verb_text, "get");
		request_unref(r);
	}
}

static void the_old_watch_prefix_watches(void **state)
{
	(void)state;
	struct api_request *r = routed("GET", "/api/v1/watch/namespaces/a/pods/p", "");
	assert_string_equal(r->verb_text, "watch");
	assert_str(r->name, "p");
	request_unref(r);
}

static void a_malformed_query_is_remembered_until_the_caller_is_known(void **state)
{
	(void)state;
	struct api_request *r = routed("GET", "/api/v1/pods", "limit=abc");
	assert_int_equal(r->refused.reason, ERR_BAD_REQUEST);
	assert_string_equal(r->verb_text, "list");
	request_unref(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_below_a_collection_is_a_get),
		cmocka_unit_test(a_collection_is_listed_watched_or_deleted_as_a_whole),
		cmocka_unit_test(a_namespace_is_a_resource_and_has_subresources),
		cmocka_unit_test(streams_are_connects_whatever_the_method),
		cmocka_unit_test(unknown_resources_keep_their_words_for_authorization),
		cmocka_unit_test(a_cluster_resource_is_not_found_inside_a_namespace),
		cmocka_unit_test(what_is_no_resource_keeps_its_path),
		cmocka_unit_test(the_old_watch_prefix_watches),
		cmocka_unit_test(a_malformed_query_is_remembered_until_the_caller_is_known),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	crd_registry_free(server.crds);
	return failed;
}
