/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/authz/policy_reconcile.h"

#include "api/codec.h"
#include "api/decode.h"
#include "api/object/meta.h"
#include "base/arena.h"
#include "base/mem.h"
#include "server/apiserver/authz/rbac_cover.h"

#define GROUP      "rbac.authorization.k8s.io"
#define AUTOUPDATE "rbac.authorization.kubernetes.io/autoupdate"

static bool label_complete(json_t *tree, const char *key, const char *value)
{
	if (json_object_get(meta_labels(tree), key))
		return false;
	meta_set_label(tree, key, str_from(value));
	return true;
}

static bool metadata_complete(const struct policy_item *item, json_t *tree)
{
	bool changed = label_complete(tree, "kubernetes.io/bootstrapping", "rbac-defaults");
	struct str rest = item->labels, one;
	while (rest.n && str_next(&rest, ' ', &one)) {
		auto_free char *key = str_printf(GROUP "/%.*s", STR_ARG(one));
		changed = label_complete(tree, key, "true") || changed;
	}
	if (json_object_get(meta_annotations(tree), AUTOUPDATE))
		return changed;
	meta_set_annotation(tree, AUTOUPDATE, STR("true"));
	return true;
}

/* --- rules --- */

struct completion {
	struct rbac_cover cover;
	json_t *rules; /* of the tree */
	bool changed;
};

static void words_put(json_t *to, const char *field, struct rbac_words w)
{
	if (w.n == 0)
		return;
	json_t *list = json_array();
	for (size_t i = 0; i < w.n; i++)
		json_array_append_new(list, json_stringn(w.items[i].p, w.items[i].n));
	json_object_set_new(to, field, list);
}

static void rule_append(struct rbac_cover *cover, const struct rbac_rule *single)
{
	struct completion *c = CONTAINER_OF(cover, struct completion, cover);
	json_t *rule = json_object();
	words_put(rule, "verbs", single->verbs);
	words_put(rule, "apiGroups", single->groups);
	words_put(rule, "resources", single->resources);
	words_put(rule, "resourceNames", single->names);
	words_put(rule, "nonResourceURLs", single->urls);
	json_array_append_new(c->rules, rule);
	c->changed = true;
}

static bool rules_complete(const struct policy_item *item, json_t *tree)
{
	struct completion c = { .cover = { .missing = rule_append } };
	c.rules = json_object_get(tree, "rules");
	auto_free char *text = json_is_array(c.rules) ? json_dumps(c.rules, JSON_COMPACT) : NULL;
	auto_free struct rbac_rules *have = rbac_rules_read(str_from(text ? text : "null")),
				    *wanted = rbac_rules_read(item->rules);
	if (wanted->n == 0)
		return false;
	if (!json_is_array(c.rules)) {
		json_object_set_new(tree, "rules", json_array());
		c.rules = json_object_get(tree, "rules");
	}
	rbac_cover_own(&c.cover, have);
	rbac_cover_check(&c.cover, wanted);
	rbac_cover_free(&c.cover);
	return c.changed;
}

static bool has_equal(const json_t *list, const json_t *item)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (json_equal(json_array_get(list, i), item))
			return true;
	return false;
}

static bool aggregation_complete(const struct policy_item *item, json_t *tree)
{
	struct str rest = item->aggregates, one;
	bool changed = false;
	json_t *rule = json_object_get(tree, "aggregationRule");
	if (item->aggregates.n == 0)
		return rule && json_object_del(tree, "aggregationRule") == 0;
	if (!json_is_object(rule))
		json_object_set_new(tree, "aggregationRule", rule = json_object());
	json_t *list = json_object_get(rule, "clusterRoleSelectors");
	if (!json_is_array(list))
		json_object_set_new(rule, "clusterRoleSelectors", list = json_array());
	while (str_next(&rest, ' ', &one)) {
		auto_free char *key = str_printf(GROUP "/%.*s", STR_ARG(one));
		json_t *selector = json_pack("{s:{s:s}}", "matchLabels", key, "true");
		if (!has_equal(list, selector)) {
			json_array_append(list, selector);
			changed = true;
		}
		json_decref(selector);
	}
	return changed;
}

static enum policy_change role_reconcile(const struct policy_item *item, json_t *tree)
{
	bool changed = metadata_complete(item, tree);
	changed = rules_complete(item, tree) || changed;
	changed = aggregation_complete(item, tree) || changed;
	return changed ? POLICY_UPDATE : POLICY_FINE;
}

/* --- bindings --- */

static enum policy_change binding_reconcile(const struct policy_item *item, json_t *tree)
{
	json_t *wanted = NULL;
	auto_buf text = { 0 };
	buf_printf(&text, "{%.*s}", STR_ARG(item->members));
	api_json_parse(buf_view(&text), &wanted, NULL, NULL);
	bool same_role =
		json_equal(json_object_get(wanted, "roleRef"), json_object_get(tree, "roleRef"));
	bool changed = metadata_complete(item, tree);
	const json_t *subjects = json_object_get(wanted, "subjects");
	for (size_t i = 0; i < json_array_size(subjects); i++) {
		json_t *one = json_array_get(subjects, i),
		       *have = json_object_get(tree, "subjects");
		if (has_equal(have, one))
			continue;
		if (!json_is_array(have))
			json_object_set_new(tree, "subjects", have = json_array());
		json_array_append(have, one);
		changed = true;
	}
	json_decref(wanted);
	return !same_role ? POLICY_RECREATE : changed ? POLICY_UPDATE : POLICY_FINE;
}

enum policy_change policy_reconcile(const struct policy_item *item, json_t *tree)
{
	if (str_eqz(meta_annotation(tree, AUTOUPDATE), "false"))
		return POLICY_FINE;
	return item->rules.n ? role_reconcile(item, tree) : binding_reconcile(item, tree);
}
