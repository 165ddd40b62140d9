/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "base/mem.h"
#include "server/apiserver/authz/authz.h"

struct question {
	const char *user, *group; /* one group is enough here */
	const char *verb, *api_group, *resource, *sub, *ns, *name, *path;
};

static bool may(struct question q)
{
	struct str groups[] = { str_from(q.group ? q.group : "none") };
	struct api_user u = { .name = str_from(q.user ? q.user : "someone"),
			      .groups = groups,
			      .ngroups = 1 };
	struct authz_attributes a = { .user = &u,
				      .verb = str_from(q.verb),
				      .is_resource = q.path == NULL,
				      .group = str_from(q.api_group),
				      .resource = str_from(q.resource),
				      .subresource = str_from(q.sub),
				      .ns = str_from(q.ns),
				      .name = str_from(q.name),
				      .path = str_from(q.path) };
	return authz_allowed(&a);
}

static void masters_may_everything(void **state)
{
	(void)state;
	assert_true(may((struct question){ .group = "system:masters",
					   .verb = "delete",
					   .api_group = "apps",
					   .resource = "deployments" }));
	assert_true(may(
		(struct question){ .group = "system:masters", .verb = "get", .path = "/metrics" }));
	assert_true(may((struct question){ .group = "system:masters",
					   .verb = "impersonate",
					   .resource = "users",
					   .name = "x" }));
}

static void a_name_alone_opens_discovery_and_nothing_else(void **state)
{
	(void)state;
	static const char *const open[] = { "/api",          "/apis",
					    "/apis/apps/v1", "/openapi/v3/apis/apps/v1",
					    "/version",      "/healthz" };
	for (size_t i = 0; i < COUNT_OF(open); i++)
		assert_true(may((struct question){
			.group = "system:authenticated", .verb = "get", .path = open[i] }));
	assert_false(may((struct question){
		.group = "system:authenticated", .verb = "get", .path = "/metrics" }));
	assert_false(may((struct question){
		.group = "system:authenticated", .verb = "list", .resource = "pods" }));
	assert_true(may((struct question){ .group = "system:authenticated",
					   .verb = "create",
					   .api_group = "authorization.k8s.io",
					   .resource = "selfsubjectaccessreviews" }));
}

static void anonymous_sees_health_and_version_only(void **state)
{
	(void)state;
	static const char *const group = "system:unauthenticated";
	assert_true(may((struct question){ .group = group, .verb = "get", .path = "/readyz" }));
	assert_false(
		may((struct question){ .group = group, .verb = "get", .path = "/readyz/etcd" }));
	assert_false(may((struct question){ .group = group, .verb = "get", .path = "/api" }));
	assert_false(may((struct question){ .group = group,
					    .verb = "create",
					    .api_group = "authorization.k8s.io",
					    .resource = "selfsubjectaccessreviews" }));
}

static void a_node_writes_only_about_itself(void **state)
{
	(void)state;
	struct question q = { .user = "system:node:a",
			      .group = "system:nodes",
			      .verb = "patch",
			      .resource = "nodes",
			      .sub = "status",
			      .name = "a" };
	assert_true(may(q));
	q.name = "b";
	assert_false(may(q));
	q = (struct question){ .user = "system:node:a",
			       .group = "system:nodes",
			       .verb = "update",
			       .api_group = "coordination.k8s.io",
			       .resource = "leases",
			       .ns = "kube-node-lease",
			       .name = "a" };
	assert_true(may(q));
	q.ns = "default";
	assert_false(may(q));
	assert_false(may((struct question){ .user = "system:node:a",
					    .group = "system:nodes",
					    .verb = "create",
					    .api_group = "apps",
					    .resource = "deployments" }));
	assert_false(may((struct question){ .user = "system:node:a",
					    .group = "system:nodes",
					    .verb = "update",
					    .resource = "secrets" }));
}

static void a_subresource_is_not_its_resource(void **state)
{
	(void)state;
	struct question q = { .user = "system:kube-scheduler",
			      .verb = "create",
			      .resource = "pods",
			      .sub = "binding" };
	assert_true(may(q));
	q.sub = NULL;
	assert_false(may(q));
	q.sub = "exec";
	assert_false(may(q));
}

static void pods_of_other_namespaces_get_no_rights_of_kube_system(void **state)
{
	(void)state;
	struct question q = { .group = "system:serviceaccounts:kube-system",
			      .verb = "list",
			      .resource = "secrets" };
	assert_true(may(q));
	q.group = "system:serviceaccounts:default";
	assert_false(may(q));
}

static void the_denial_reads_as_upstreams(void **state)
{
	(void)state;
	struct api_user u = { .name = STR("x") };
	struct authz_attributes a = { .user = &u,
				      .verb = STR("list"),
				      .is_resource = true,
				      .resource = STR("pods"),
				      .ns = STR("default") };
	auto_buf text = { 0 };
	authz_denial(&a, &text);
	assert_string_equal(text.p, "User \"x\" cannot list resource \"pods\" in API group \"\" in "
				    "the namespace \"default\"");
	buf_reset(&text);
	a = (struct authz_attributes){ .user = &u,
				       .verb = STR("get"),
				       .is_resource = true,
				       .group = STR("apps"),
				       .resource = STR("deployments"),
				       .subresource = STR("scale") };
	authz_denial(&a, &text);
	assert_string_equal(text.p, "User \"x\" cannot get resource \"deployments/scale\" in API "
				    "group \"apps\" at the cluster scope");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(masters_may_everything),
		cmocka_unit_test(a_name_alone_opens_discovery_and_nothing_else),
		cmocka_unit_test(anonymous_sees_health_and_version_only),
		cmocka_unit_test(a_node_writes_only_about_itself),
		cmocka_unit_test(a_subresource_is_not_its_resource),
		cmocka_unit_test(pods_of_other_namespaces_get_no_rights_of_kube_system),
		cmocka_unit_test(the_denial_reads_as_upstreams),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
