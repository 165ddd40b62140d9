/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "base/mem.h"
#include "server/apiserver/admission/node_labels.h"
#include "server/apiserver/admission/pod_references.h"

static void reserved_domains_are_closed_but_for_kubelets_own(void **state)
{
	(void)state;
	static const struct {
		const char *key;
		bool forbidden;
	} rows[] = {
		{ "disk", false },
		{ "example.com/a", false },
		{ "kubernetes.io/hostname", false },
		{ "topology.kubernetes.io/zone", false },
		{ "node.kubernetes.io/any", false },
		{ "x.kubelet.kubernetes.io/any", false },
		{ "kubernetes.io/other", true },
		{ "node-role.kubernetes.io/control-plane", true },
		{ "node-restriction.kubernetes.io/a", true },
		{ "x.node-restriction.kubernetes.io/a", true },
		{ "k8s.io/a", true },
		{ "notk8s.io/a", false },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (node_label_is_forbidden(str_from(rows[i].key)) != rows[i].forbidden)
			fail_msg("%s: %d is wrong", rows[i].key, !rows[i].forbidden);
}

static void only_what_changes_counts(void **state)
{
	(void)state;
	auto_buf out = { 0 };
	json_t *old =
		json_pack("{s:s,s:s,s:s}", "k8s.io/kept", "1", "k8s.io/gone", "1", "free", "1");
	json_t *new =
		json_pack("{s:s,s:s,s:s}", "k8s.io/kept", "1", "k8s.io/added", "", "free", "2");
	node_labels_forbidden(new, old, &out);
	assert_string_equal(out.p, "k8s.io/added, k8s.io/gone");
	json_decref(old);
	json_decref(new);
}

static void a_pod_refers_by_account_environment_and_volumes(void **state)
{
	(void)state;
	static const struct {
		const char *spec, *what;
	} rows[] = {
		{ "{\"volumes\":[{\"name\":\"a\",\"emptyDir\":{}},{\"name\":\"b\",\"hostPath\":{}}]"
		  "}",
		  NULL },
		{ "{\"serviceAccountName\":\"a\"}", "serviceaccounts" },
		{ "{\"imagePullSecrets\":[{\"name\":\"a\"}]}", "secrets" },
		{ "{\"containers\":[{\"envFrom\":[{\"configMapRef\":{\"name\":\"a\"}}]}]}",
		  "configmaps" },
		{ "{\"initContainers\":[{\"env\":[{\"valueFrom\":{\"secretKeyRef\":{\"name\":\"a\"}"
		  "}}]}]}",
		  "secrets" },
		{ "{\"volumes\":[{\"persistentVolumeClaim\":{\"claimName\":\"a\"}}]}",
		  "persistentvolumeclaims" },
		{ "{\"volumes\":[{\"projected\":{\"sources\":[{\"serviceAccountToken\":{}}]}}]}",
		  "serviceaccounts (via projected volumes)" },
		{ "{\"volumes\":[{\"projected\":{\"sources\":[{\"downwardAPI\":{}}]}}]}", NULL },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		json_t *pod = json_pack("{s:o}", "spec", json_loads(rows[i].spec, 0, NULL));
		const char *what = pod_reference(pod);
		if ((what == NULL) != (rows[i].what == NULL) ||
		    (what && strcmp(what, rows[i].what)))
			fail_msg("%s: %s", rows[i].spec, what ? what : "none");
		json_decref(pod);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reserved_domains_are_closed_but_for_kubelets_own),
		cmocka_unit_test(only_what_changes_counts),
		cmocka_unit_test(a_pod_refers_by_account_environment_and_volumes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
