/* SPDX-License-Identifier: Apache-2.0 */
/* FlowSchemas and PriorityLevelConfigurations. Follows upstream's pkg/apis/flowcontrol/validation. */
#include <math.h>

#include "api/codec.h"
#include "api/object/meta.h"
#include "api/validation/flow_fixed.h"
#include "api/validation/internal.h"
#include "api/validation/kinds.h"
#include "base/mem.h"

#define PRECEDENCE_MAX 10000
#define QUEUES_MAX     10000000
#define HASH_BITS_MAX  60

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

static int64_t number(const json_t *object, const char *name)
{
	return tree_int(json_object_get(object, name), 0);
}

static bool has_wildcard(const json_t *list)
{
	size_t i;
	json_t *item;
	json_array_foreach ((json_t *)list, i, item)
		if (str_eqz(tree_str(item), "*"))
			return true;
	return false;
}

/* ---- who ---- */

static void check_account(struct check *c, const json_t *account)
{
	struct str name = field(account, "name"), ns = field(account, "namespace");
	if (name.n == 0)
		check_required(c, "name", "%s", "");
	else if (!str_eqz(name, "*"))
		check_name(c, "name", name, name_dns_subdomain);
	if (ns.n)
		check_name(c, "namespace", ns, name_dns_label);
	else
		check_required(c, "namespace", "must specify namespace for service account");
}

static const struct subject {
	const char *kind, *field;
} subjects[] = { { "ServiceAccount", "serviceAccount" }, { "User", "user" }, { "Group", "group" } };

static void check_own_subject(struct check *c, const json_t *subject, const struct subject *s)
{
	const json_t *own = json_object_get(subject, s->field);
	size_t was = check_in(c, s->field);
	if (!own)
		check_required(c, NULL, "%s is required when subject kind is '%s'", s->field,
			       s->kind);
	else if (s == subjects)
		check_account(c, own);
	else if (field(own, "name").n == 0)
		check_required(c, "name", "%s", "");
	check_out(c, was);
}

static void check_subject(struct check *c, const json_t *subject)
{
	static const char *const kinds[] = { "Group", "ServiceAccount", "User", NULL };
	struct str kind = field(subject, "kind");
	if (!str_in(kind, kinds)) {
		check_unsupported(c, "kind", json_object_get(subject, "kind"), kinds);
		return;
	}
	for (size_t i = 0; i < COUNT_OF(subjects); i++)
		if (str_eqz(kind, subjects[i].kind))
			check_own_subject(c, subject, &subjects[i]);
	for (size_t i = 0; i < COUNT_OF(subjects); i++)
		if (!str_eqz(kind, subjects[i].kind) && json_object_get(subject, subjects[i].field))
			check_forbidden(c, subjects[i].field,
					"%s is forbidden when subject kind is not '%s'",
					subjects[i].field, subjects[i].kind);
}

/* ---- what ---- */

static void check_verbs(struct check *c, const json_t *rule)
{
	static const char *const verbs[] = { "create", "delete", "deletecollection",
					     "get",    "list",   "patch",
					     "proxy",  "update", "watch",
					     NULL };
	const json_t *list = json_object_get(rule, "verbs");
	bool known = true;
	size_t i;
	json_t *verb;
	json_array_foreach (list, i, verb)
		known = known && str_in(tree_str(verb), verbs);
	if (json_array_size(list) == 0)
		check_required(c, "verbs", "verbs must contain at least one value");
	else if (has_wildcard(list) && json_array_size(list) > 1)
		check_invalid(c, "verbs", list, "if '*' is present, must not specify other verbs");
	else if (!has_wildcard(list) && !known)
		check_unsupported(c, "verbs", list, verbs);
}

static void check_wild_list(struct check *c, const json_t *rule, const char *name,
			    const char *required, const char *others)
{
	const json_t *list = json_object_get(rule, name);
	if (json_array_size(list) == 0)
		check_required(c, name, "%s", required);
	else if (json_array_size(list) > 1 && has_wildcard(list))
		check_invalid(c, name, list, "if '*' is present, must not specify other %s",
			      others);
}

static void check_url(struct check *c, struct str path)
{
	struct str inner = path;
	if (path.n == 0) {
		check_invalid_text(c, NULL, path, "must not be empty");
		return;
	}
	if (str_eqz(path, "/"))
		return;
	if (*path.p != '/')
		check_invalid_text(c, NULL, path, "must start with slash");
	else if (str_contains(path, STR(" ")))
		check_invalid_text(c, NULL, path, "must not contain white-space");
	else if (str_contains(path, STR("//")))
		check_invalid_text(c, NULL, path, "must not contain double slash");
	else {
		if (str_ends(path, STR("/*")))
			inner.n--;
		if (str_find(inner, '*') < inner.n)
			check_invalid_text(c, NULL, path, "wildcard can only do suffix matching");
	}
}

static void check_urls(struct check *c, const json_t *rule)
{
	const json_t *list = json_object_get(rule, "nonResourceURLs");
	size_t i, was;
	json_t *url;
	check_wild_list(c, rule, "nonResourceURLs",
			"nonResourceURLs must contain at least one value", "non-resource URLs");
	if (has_wildcard(list))
		return;
	was = check_in(c, "nonResourceURLs");
	json_array_foreach (list, i, url) {
		size_t at = check_in_index(c, i);
		check_url(c, tree_str(url));
		check_out(c, at);
	}
	check_out(c, was);
}

static void check_namespaces(struct check *c, const json_t *rule)
{
	const json_t *list = json_object_get(rule, "namespaces");
	size_t i, k, was = check_in(c, "namespaces");
	json_t *ns;
	if (json_array_size(list) == 0 && !json_is_true(json_object_get(rule, "clusterScope")))
		check_required(c, NULL,
			       "resource rules that are not cluster scoped must supply at least "
			       "one namespace");
	else if (has_wildcard(list) && json_array_size(list) > 1)
		check_invalid(c, NULL, list,
			      "if '*' is present, must not specify other namespaces");
	json_array_foreach (list, i, ns) {
		struct name_errors e = name_dns_label(tree_str(ns));
		size_t at = check_in_index(c, i);
		for (k = 0; !has_wildcard(list) && k < e.n; k++)
			check_invalid_text(c, NULL, tree_str(ns),
					   "each member of this list must be '*' or a DNS-1123 "
					   "label; %s",
					   e.text[k]);
		check_out(c, at);
	}
	check_out(c, was);
}

static void check_resource_rule(struct check *c, const json_t *rule)
{
	check_verbs(c, rule);
	check_wild_list(c, rule, "apiGroups", "resource rules must supply at least one api group",
			"api groups");
	check_wild_list(c, rule, "resources", "resource rules must supply at least one resource",
			"resources");
	check_namespaces(c, rule);
}

static void check_url_rule(struct check *c, const json_t *rule)
{
	check_verbs(c, rule);
	check_urls(c, rule);
}

static void check_list(struct check *c, const json_t *object, const char *name,
		       void (*check)(struct check *c, const json_t *item))
{
	size_t was = check_in(c, name), i;
	json_t *item;
	json_array_foreach (json_object_get(object, name), i, item) {
		size_t at = check_in_index(c, i);
		check(c, item);
		check_out(c, at);
	}
	check_out(c, was);
}

static void check_rules(struct check *c, const json_t *rules)
{
	if (json_array_size(json_object_get(rules, "subjects")) == 0)
		check_required(c, "subjects", "subjects must contain at least one value");
	check_list(c, rules, "subjects", check_subject);
	if (json_array_size(json_object_get(rules, "resourceRules")) == 0 &&
	    json_array_size(json_object_get(rules, "nonResourceRules")) == 0)
		check_required(
			c, NULL,
			"at least one of resourceRules and nonResourceRules has to be non-empty");
	check_list(c, rules, "resourceRules", check_resource_rule);
	check_list(c, rules, "nonResourceRules", check_url_rule);
}

/* ---- schemas ---- */

static void check_precedence(struct check *c, const json_t *schema)
{
	int64_t n = number(json_object_get(schema, "spec"), "matchingPrecedence");
	if (n <= 0)
		check_invalid_number(c, "matchingPrecedence", n, "must be a positive value");
	if (n > PRECEDENCE_MAX)
		check_invalid_number(c, "matchingPrecedence", n, "must not be greater than %d",
				     PRECEDENCE_MAX);
	if (n == 1 && !str_eqz(meta_name(schema), "exempt"))
		check_invalid_number(
			c, "matchingPrecedence", n,
			"only the schema named 'exempt' may have matchingPrecedence 1");
}

static void not_fixed(struct check *c, const json_t *object, const char *but)
{
	auto_buf why = { 0 };
	buf_printf(&why, "spec of '%.*s'", STR_ARG(meta_name(object)));
	if (but)
		buf_printf(&why, " except the 'spec.%s' field", but);
	buf_puts(&why, " must equal the fixed value");
	check_invalid_internal(c, "spec",
			       but || json_object_get(json_object_get(object, "spec"), "type")
				       ? "flowcontrol/v1.PriorityLevelConfigurationSpec"
				       : "flowcontrol/v1.FlowSchemaSpec",
			       json_object_get(object, "spec"), why.p);
}

static void check_fixed_spec(struct check *c, const json_t *object, const char *fixed,
			     const char *but)
{
	json_t *wanted = NULL, *have = tree_copy(json_object_get(object, "spec"));
	if (!fixed || api_json_parse(str_from(fixed), &wanted, NULL, NULL) < 0) {
		json_decref(have);
		return;
	}
	if (but) {
		json_object_del(have, but);
		json_object_del(wanted, but);
	}
	if (!shape_equal(have, wanted))
		not_fixed(c, object, but);
	json_decref(wanted);
	json_decref(have);
}

static void check_conditions(struct check *c, const json_t *object)
{
	struct map seen = { 0 };
	size_t was = check_in(c, "status.conditions"), i;
	json_t *condition;
	json_array_foreach (tree_get(object, "status", "conditions", NULL), i, condition) {
		struct str type = field(condition, "type");
		size_t at = check_in_index(c, i);
		if (seen_before(&seen, type))
			check_duplicate_text(c, "type", type);
		if (type.n == 0)
			check_required(c, "type", "%s", "");
		check_out(c, at);
	}
	check_out(c, was);
	map_free(&seen, NULL);
}

/* Upstream prints the whole method, as its internal struct has it. */
static void check_method(struct check *c, struct str type)
{
	static const char *const methods[] = { "ByNamespace", "ByUser", NULL };
	if (str_in(type, methods))
		return;
	json_t *shown = json_pack("{s:s#}", "Type", type.p ? type.p : "", (int)type.n);
	check_unsupported(c, "distinguisherMethod.type", shown, methods);
	json_decref(shown);
}

void validate_flow_schema(struct check *c, const json_t *schema)
{
	const json_t *spec = json_object_get(schema, "spec"),
		     *method = json_object_get(spec, "distinguisherMethod");
	struct str level = tree_get_str(spec, "priorityLevelConfiguration", "name", NULL);
	size_t was = check_in(c, "spec");
	check_precedence(c, schema);
	if (method)
		check_method(c, field(method, "type"));
	if (level.n)
		check_name(c, "priorityLevelConfiguration.name", level, name_dns_subdomain);
	else
		check_required(c, "priorityLevelConfiguration.name",
			       "must reference a priority level");
	check_list(c, spec, "rules", check_rules);
	check_out(c, was);
	check_fixed_spec(c, schema, flow_fixed("flowschemas", meta_name(schema)), NULL);
	check_conditions(c, schema);
}

void validate_flow_status(struct check *c, const json_t *new, const json_t *old)
{
	(void)old;
	check_conditions(c, new);
}

/* ---- levels ---- */

/* Bits of a hash that deal a hand from a deck of so many queues: log2 of deck!/(deck-hand)!. */
static double entropy_bits(int64_t deck, int64_t hand)
{
	double bits = 0;
	for (int64_t i = 0; i < hand; i++)
		bits += log2((double)(deck - i));
	return ceil(bits);
}

static void check_queuing(struct check *c, const json_t *queuing)
{
	int64_t length = number(queuing, "queueLengthLimit"), queues = number(queuing, "queues"),
		hand = number(queuing, "handSize");
	size_t was = check_in(c, "queuing");
	if (length <= 0)
		check_invalid_number(c, "queueLengthLimit", length, "must be positive");
	if (queues <= 0)
		check_invalid_number(c, "queues", queues, "must be positive");
	else if (queues > QUEUES_MAX)
		check_invalid_number(c, "queues", queues, "must not be greater than %d",
				     QUEUES_MAX);
	if (hand <= 0)
		check_invalid_number(c, "handSize", hand, "must be positive");
	else if (hand > queues)
		check_invalid_number(c, "handSize", hand,
				     "should not be greater than queues (%lld)", (long long)queues);
	else if (hand > HASH_BITS_MAX || entropy_bits(queues, hand) > HASH_BITS_MAX)
		check_invalid_number(c, "handSize", hand,
				     "required entropy bits of deckSize %lld and handSize %lld "
				     "should not be greater than %d",
				     (long long)queues, (long long)hand, HASH_BITS_MAX);
	check_out(c, was);
}

static void check_limit_response(struct check *c, const json_t *limited)
{
	static const char *const types[] = { "Queue", "Reject", NULL };
	const json_t *response = json_object_get(limited, "limitResponse"),
		     *queuing = json_object_get(response, "queuing");
	struct str type = field(response, "type");
	size_t was = check_in(c, "limitResponse");
	check_one_of(c, response, "type", types, false);
	if (str_eqz(type, "Queue") && queuing)
		check_queuing(c, queuing);
	check_out(c, was);
}

static void check_shares(struct check *c, const json_t *level)
{
	const json_t *lendable = json_object_get(level, "lendablePercent");
	int64_t shares = number(level, "nominalConcurrencyShares"),
		percent = number(level, "lendablePercent");
	if (shares < 0)
		check_invalid_number(c, "nominalConcurrencyShares", shares,
				     "must be a non-negative integer");
	if (json_object_get(level, "limitResponse"))
		check_limit_response(c, level);
	if (lendable && (percent < 0 || percent > 100))
		check_invalid_number(c, "lendablePercent", percent,
				     "must be between 0 and 100, inclusive");
	if (number(level, "borrowingLimitPercent") < 0)
		check_invalid_number(c, "borrowingLimitPercent",
				     number(level, "borrowingLimitPercent"),
				     "if specified, must be a non-negative integer");
}

static void check_level(struct check *c, const json_t *spec)
{
	const json_t *limited = json_object_get(spec, "limited"),
		     *exempt = json_object_get(spec, "exempt");
	bool is_exempt = str_eqz(field(spec, "type"), "Exempt");
	size_t was = check_in(c, is_exempt ? "exempt" : "limited");
	const json_t *own = is_exempt ? exempt : limited;
	if (own)
		check_shares(c, own);
	check_out(c, was);
}

/* Which of a union's members may be there. */
static void check_member(struct check *c, const json_t *of, const char *name, bool wanted)
{
	const json_t *member = json_object_get(of, name);
	if (member && !wanted)
		check_forbidden(c, name, "%s", "");
	if (!member && wanted)
		check_required(c, name, "%s", "");
}

static void check_level_declared(struct check *c, const json_t *spec)
{
	const json_t *limited = json_object_get(spec, "limited"),
		     *response = json_object_get(limited, "limitResponse");
	struct str type = field(spec, "type"), answer = field(response, "type");
	if (!str_eqz(type, "Exempt"))
		check_member(c, spec, "exempt", false);
	check_member(c, spec, "limited", str_eqz(type, "Limited"));
	if (type.n == 0)
		check_required(c, "type", "%s", "");
	if (!limited)
		return;
	size_t was = check_in(c, "limited.limitResponse");
	check_member(c, response, "queuing", str_eqz(answer, "Queue"));
	if (answer.n == 0)
		check_required(c, "type", "%s", "");
	check_out(c, was);
}

void validate_priority_level(struct check *c, const json_t *level)
{
	static const char *const types[] = { "Exempt", "Limited", NULL };
	static const char zero[] = "flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares";
	const json_t *spec = json_object_get(level, "spec");
	bool exempt = str_eqz(meta_name(level), "exempt");
	if (json_object_get(meta_annotations(level), zero))
		check_forbidden(c, "metadata.annotations", "annotation '%s' is forbidden", zero);
	size_t was = check_in(c, "spec");
	if (exempt != str_eqz(field(spec, "type"), "Exempt"))
		check_invalid_text(c, "type", field(spec, "type"),
				   "must be 'Exempt' if and only if `name` is 'exempt'");
	if (str_in(field(spec, "type"), types))
		check_level(c, spec);
	else
		check_one_of(c, spec, "type", types, false);
	CHECK_DECLARED(c, check_level_declared(c, spec));
	check_out(c, was);
	check_fixed_spec(c, level, flow_fixed("prioritylevelconfigurations", meta_name(level)),
			 exempt ? "exempt" : NULL);
	check_conditions(c, level);
}
