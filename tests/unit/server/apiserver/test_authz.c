/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "base/mem.h"
#include "server/apiserver/authz/authz.h"
#include "server/apiserver/server.h"
#include "tests/unit/server/apiserver/server_fixture.h"

static struct fixture fixture;

static int start(void **state)
{
	(void)state;
	return fixture_start(&fixture);
}

static int stop(void **state)
{
	(void)state;
	fixture_stop(&fixture);
	return 0;
}

struct question {
	const char *user, *group; /* beside system:authenticated */
	const char *verb, *api_group, *resource, *sub, *ns, *name, *path, *selector;
};

static bool ask(struct question q, struct buf *reason)
{
	struct str groups[] = { STR("system:authenticated"), str_from(q.group ? q.group : "none") };
	struct api_user u = { .name = str_from(q.user ? q.user : "someone"),
			      .groups = groups,
			      .ngroups = 2 };
	struct authz_attributes a = { .user = &u,
				      .verb = str_from(q.verb),
				      .is_resource = q.path == NULL,
				      .group = str_from(q.api_group),
				      .resource = str_from(q.resource),
				      .subresource = str_from(q.sub),
				      .ns = str_from(q.ns),
				      .name = str_from(q.name),
				      .field_selector = str_from(q.selector),
				      .path = str_from(q.path) };
	return reason ? authz_review(fixture.server->authorizer, &a, reason)
		      : authz_allowed(fixture.server->authorizer, &a);
}

static bool may(struct question q)
{
	return ask(q, NULL);
}

static void make(const char *resource, const char *ns, const char *body)
{
	struct answer a =
		fixture_call(&fixture, fixture.admin, API_CREATE, resource, ns, NULL, NULL, body);
	assert_true(a.code < 300);
	answer_free(&a);
}

static void drop(const char *resource, const char *ns, const char *name)
{
	struct answer a =
		fixture_call(&fixture, fixture.admin, API_DELETE, resource, ns, name, NULL, NULL);
	assert_true(a.code < 300);
	answer_free(&a);
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
}

static void who_has_no_role_may_only_look_around(void **state)
{
	(void)state;
	assert_true(may((struct question){ .verb = "get", .path = "/api" }));
	assert_true(may((struct question){ .verb = "get", .path = "/apis/apps/v1" }));
	assert_true(may((struct question){ .verb = "create",
					   .api_group = "authorization.k8s.io",
					   .resource = "selfsubjectaccessreviews" }));
	assert_false(may((struct question){ .verb = "get", .path = "/metrics" }));
	assert_false(may((struct question){ .verb = "list", .resource = "pods", .ns = "default" }));
}

static void components_may_what_upstreams_may(void **state)
{
	(void)state;
	static const struct {
		const char *user, *verb, *group, *resource, *sub;
		bool allowed;
	} rows[] = {
		{ "system:kube-scheduler", "create", "", "pods", "binding", true },
		{ "system:kube-scheduler", "delete", "", "pods", "", true },
		{ "system:kube-scheduler", "get", "", "secrets", "", false },
		{ "system:kube-controller-manager", "list", "any.example", "things", "", true },
		{ "system:kube-controller-manager", "delete", "", "pods", "", false },
		{ "system:kube-proxy", "watch", "discovery.k8s.io", "endpointslices", "", true },
		{ "system:kube-proxy", "get", "", "secrets", "", false },
		{ "system:serviceaccount:kube-system:deployment-controller", "update", "apps",
		  "deployments", "status", true },
		{ "system:serviceaccount:kube-system:deployment-controller", "delete", "apps",
		  "deployments", "", false },
		{ "system:serviceaccount:kube-system:namespace-controller", "deletecollection",
		  "any.example", "things", "", true },
		{ "system:serviceaccount:kube-system:default", "get", "", "pods", "", false },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (may((struct question){ .user = rows[i].user,
					   .verb = rows[i].verb,
					   .api_group = rows[i].group,
					   .resource = rows[i].resource,
					   .sub = rows[i].sub }) != rows[i].allowed)
			fail_msg("%s %s %s/%s: %d is wrong", rows[i].user, rows[i].verb,
				 rows[i].resource, rows[i].sub, !rows[i].allowed);
}

static void a_binding_counts_at_once_and_no_longer_than_it_lives(void **state)
{
	(void)state;
	struct question q = { .user = "jane", .verb = "list", .resource = "pods", .ns = "default" };
	auto_buf why = { 0 };
	assert_false(may(q));
	make("rbac.authorization.k8s.io/v1/roles", "default",
	     "{\"metadata\":{\"name\":\"reader\"},\"rules\":[{\"verbs\":[\"list\"],"
	     "\"apiGroups\":[\"\"],\"resources\":[\"pods\"]}]}");
	make("rbac.authorization.k8s.io/v1/rolebindings", "default",
	     "{\"metadata\":{\"name\":\"b\"},\"roleRef\":{\"apiGroup\":"
	     "\"rbac.authorization.k8s.io\",\"kind\":\"Role\",\"name\":\"reader\"},"
	     "\"subjects\":[{\"kind\":\"User\",\"name\":\"jane\"}]}");
	assert_true(ask(q, &why));
	assert_string_equal(why.p, "RBAC: allowed by RoleBinding \"b/default\" of Role \"reader\" "
				   "to User \"jane\"");
	q.ns = "kube-system";
	assert_false(may(q));
	q.ns = "default";
	drop("rbac.authorization.k8s.io/v1/roles", "default", "reader");
	buf_reset(&why);
	assert_false(ask(q, &why));
	assert_string_equal(why.p,
			    "rbac: RBAC: role.rbac.authorization.k8s.io \"reader\" not found");
	drop("rbac.authorization.k8s.io/v1/rolebindings", "default", "b");
	buf_reset(&why);
	assert_false(ask(q, &why));
	assert_int_equal(why.n, 0);
}

static void an_account_is_bound_by_name_and_namespace(void **state)
{
	(void)state;
	make("rbac.authorization.k8s.io/v1/rolebindings", "default",
	     "{\"metadata\":{\"name\":\"sa\"},\"roleRef\":{\"apiGroup\":"
	     "\"rbac.authorization.k8s.io\",\"kind\":\"ClusterRole\",\"name\":"
	     "\"system:aggregate-to-view\"},"
	     "\"subjects\":[{\"kind\":\"ServiceAccount\",\"name\":\"bot\",\"namespace\":"
	     "\"other\"}]}");
	struct question q = { .user = "system:serviceaccount:other:bot",
			      .verb = "list",
			      .resource = "pods",
			      .ns = "default" };
	auto_buf why = { 0 };
	assert_true(ask(q, &why));
	assert_string_equal(why.p, "RBAC: allowed by RoleBinding \"sa/default\" of ClusterRole "
				   "\"system:aggregate-to-view\" to ServiceAccount \"bot/other\"");
	q.user = "system:serviceaccount:default:bot";
	assert_false(may(q));
}

static void a_node_sees_what_its_pods_need(void **state)
{
	(void)state;
	make("v1/serviceaccounts", "default", "{\"metadata\":{\"name\":\"robot\"}}");
	make("v1/pods", "default",
	     "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"nodeName\":\"n1\","
	     "\"serviceAccountName\":\"robot\",\"automountServiceAccountToken\":false,"
	     "\"containers\":[{\"name\":\"c\",\"image\":\"i\","
	     "\"envFrom\":[{\"configMapRef\":{\"name\":\"env\"}}]}],\"volumes\":[{\"name\":"
	     "\"v\",\"secret\":{\"secretName\":\"mounted\"}},{\"name\":\"d\","
	     "\"persistentVolumeClaim\":{\"claimName\":\"data\"}}]}}");
	make("v1/persistentvolumes", NULL,
	     "{\"metadata\":{\"name\":\"pv\"},\"spec\":{\"capacity\":{\"storage\":\"1Gi\"},"
	     "\"accessModes\":[\"ReadWriteOnce\"],\"csi\":{\"driver\":\"d.example\","
	     "\"volumeHandle\":\"h\",\"nodeStageSecretRef\":{\"name\":\"stage\","
	     "\"namespace\":\"vault\"},\"controllerPublishSecretRef\":{\"name\":\"control\","
	     "\"namespace\":\"vault\"}},\"claimRef\":{\"namespace\":\"default\",\"name\":"
	     "\"data\"}}}");
	static const struct {
		const char *verb, *resource, *sub, *ns, *name;
		bool allowed;
	} rows[] = {
		{ "get", "secrets", "", "default", "mounted", true },
		{ "watch", "secrets", "", "default", "mounted", true },
		{ "update", "secrets", "", "default", "mounted", false },
		{ "get", "secrets", "", "default", "other", false },
		{ "get", "secrets", "", "kube-system", "mounted", false },
		{ "get", "secrets", "", "vault", "stage", true },
		{ "get", "secrets", "", "vault", "control", false },
		{ "get", "configmaps", "", "default", "env", true },
		{ "list", "configmaps", "", "default", "", false },
		{ "get", "persistentvolumeclaims", "", "default", "data", true },
		{ "patch", "persistentvolumeclaims", "status", "default", "data", true },
		{ "get", "persistentvolumes", "", "", "pv", true },
		{ "create", "serviceaccounts", "token", "default", "robot", true },
		{ "create", "serviceaccounts", "token", "default", "default", false },
		{ "get", "pods", "", "default", "p", true },
		{ "get", "nodes", "", "", "n1", true },
		{ "get", "nodes", "", "", "n2", false },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct question q = { .user = "system:node:n1",
				      .group = "system:nodes",
				      .verb = rows[i].verb,
				      .resource = rows[i].resource,
				      .sub = rows[i].sub,
				      .ns = rows[i].ns,
				      .name = rows[i].name };
		if (may(q) != rows[i].allowed)
			fail_msg("%s %s/%s %s: %d is wrong", q.verb, q.resource, q.sub, q.name,
				 !rows[i].allowed);
		q.user = "system:node:n2"; /* what isn't related to it stays closed */
		if (strcmp(q.resource, "nodes") && may(q))
			fail_msg("another node may %s %s %s", q.verb, q.resource, q.name);
	}
	drop("v1/persistentvolumes", NULL, "pv");
	struct answer a = fixture_call(&fixture, fixture.admin, API_DELETE, "v1/pods", "default",
				       "p", "gracePeriodSeconds=0", NULL);
	answer_free(&a);
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (strcmp(rows[i].resource, "nodes"))
			assert_false(may((struct question){ .user = "system:node:n1",
							    .group = "system:nodes",
							    .verb = rows[i].verb,
							    .resource = rows[i].resource,
							    .sub = rows[i].sub,
							    .ns = rows[i].ns,
							    .name = rows[i].name }));
}

static void a_node_selects_itself(void **state)
{
	(void)state;
	struct question q = { .user = "system:node:n1",
			      .group = "system:nodes",
			      .verb = "watch",
			      .resource = "pods" };
	auto_buf why = { 0 };
	assert_false(ask(q, &why));
	assert_string_equal(why.p,
			    "node: can only list/watch pods with spec.nodeName field selector");
	q.selector = "spec.nodeName=n1";
	assert_true(may(q));
	q.selector = "spec.nodeName=n2";
	assert_false(may(q));
	q.selector = "spec.nodeName!=n1";
	assert_false(may(q));
	q.group = NULL; /* the name alone is nobody */
	q.selector = "spec.nodeName=n1";
	assert_false(may(q));
}

static void a_node_has_its_lease(void **state)
{
	(void)state;
	struct question q = { .user = "system:node:n1",
			      .group = "system:nodes",
			      .verb = "update",
			      .api_group = "coordination.k8s.io",
			      .resource = "leases",
			      .ns = "kube-node-lease",
			      .name = "n1" };
	assert_true(may(q));
	q.name = "n2";
	assert_false(may(q));
	q.name = "n1";
	q.ns = "default";
	assert_false(may(q));
}

static void a_refusal_reads_as_upstreams(void **state)
{
	(void)state;
	struct api_user u = { .name = STR("<x>") };
	struct authz_attributes a = { .user = &u,
				      .verb = STR("list"),
				      .is_resource = true,
				      .resource = STR("pods"),
				      .ns = STR("default") };
	auto_err err = { 0 };
	assert_int_equal(authz_check(fixture.server->authorizer, &a, &err), -ERR_FORBIDDEN);
	assert_string_equal(err.text, "pods is forbidden: User \"&lt;x&gt;\" cannot list resource "
				      "\"pods\" in API group \"\" in the namespace \"default\"");
	a = (struct authz_attributes){ .user = &u, .verb = STR("get"), .path = STR("/metrics") };
	assert_int_equal(authz_check(fixture.server->authorizer, &a, &err), -ERR_FORBIDDEN);
	assert_string_equal(err.text, "forbidden: User \"&lt;x&gt;\" cannot get path \"/metrics\"");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(masters_may_everything),
		cmocka_unit_test(who_has_no_role_may_only_look_around),
		cmocka_unit_test(components_may_what_upstreams_may),
		cmocka_unit_test(a_binding_counts_at_once_and_no_longer_than_it_lives),
		cmocka_unit_test(an_account_is_bound_by_name_and_namespace),
		cmocka_unit_test(a_node_sees_what_its_pods_need),
		cmocka_unit_test(a_node_selects_itself),
		cmocka_unit_test(a_node_has_its_lease),
		cmocka_unit_test(a_refusal_reads_as_upstreams),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
