/* SPDX-License-Identifier: Apache-2.0 */
/* ValidatingAdmissionPolicies, MutatingAdmissionPolicies and their bindings: all but whether their CEL compiles. Follows upstream's
 * pkg/apis/admissionregistration/validation. */
#include <ctype.h>

#include "api/object/meta.h"
#include "api/validation/admission_parts.h"
#include "api/validation/kinds.h"
#include "base/mem.h"

#define ANNOTATIONS_MAX      20
#define ANNOTATION_MAX_BYTES (5 * 1024)

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

/* ---- what it matches ---- */

static void check_named_rule(struct check *c, const json_t *rule)
{
	struct map seen = { 0 };
	size_t was = check_in(c, "resourceNames"), i;
	json_t *name;
	json_array_foreach (json_object_get(rule, "resourceNames"), i, name) {
		size_t at = check_in_index(c, i);
		check_name(c, NULL, tree_str(name), name_path_segment);
		if (seen_before(&seen, tree_str(name)))
			check_duplicate(c, NULL, name);
		check_out(c, at);
	}
	check_out(c, was);
	map_free(&seen, NULL);
	check_operations_rule(c, rule);
}

static void each(struct check *c, const json_t *of, const char *name,
		 void (*check)(struct check *c, const json_t *item))
{
	size_t was = check_in(c, name), i;
	json_t *item;
	json_array_foreach (json_object_get(of, name), i, item) {
		size_t at = check_in_index(c, i);
		check(c, item);
		check_out(c, at);
	}
	check_out(c, was);
}

static void check_needed_selector(struct check *c, const json_t *of, const char *name)
{
	if (json_object_get(of, name))
		check_label_selector(c, name, json_object_get(of, name));
	else
		check_required(c, name, "%s", "");
}

static void check_match(struct check *c, const json_t *match)
{
	check_one_pointed(c, match, "matchPolicy", admission_match_policies);
	check_needed_selector(c, match, "namespaceSelector");
	check_needed_selector(c, match, "objectSelector");
	each(c, match, "resourceRules", check_named_rule);
	each(c, match, "excludeResourceRules", check_named_rule);
}

static void check_constraints(struct check *c, const json_t *spec)
{
	const json_t *match = json_object_get(spec, "matchConstraints");
	size_t was = check_in(c, "matchConstraints");
	if (!match) {
		check_required(c, NULL, "%s", "");
	} else {
		check_match(c, match);
		if (json_array_size(json_object_get(match, "resourceRules")) == 0)
			check_required(c, "resourceRules", "%s", "");
	}
	check_out(c, was);
}

/* ---- parameters ---- */

static void check_joined(struct check *c, const char *child, struct str shown, const char *before,
			 struct name_errors e)
{
	auto_buf all = { 0 };
	for (size_t i = 0; i < e.n; i++)
		buf_printf(&all, "%s%s", i ? "," : "", e.text[i]);
	if (e.n)
		check_invalid_text(c, child, shown, "%s%s", before, all.p);
}

static void check_group_version(struct check *c, struct str text)
{
	size_t slash = str_find(text, '/');
	struct str group = slash < text.n ? str_of(text.p, slash) : STR(""),
		   version = slash < text.n ? str_of(text.p + slash + 1, text.n - slash - 1) : text;
	if (str_find(version, '/') < version.n) {
		check_invalid_text(c, "apiVersion", text, "unexpected GroupVersion string: %.*s",
				   STR_ARG(text));
		return;
	}
	if (group.n)
		check_joined(c, "apiVersion", group, "", name_dns_subdomain(group));
	if (version.n == 0)
		check_invalid_text(c, "apiVersion", text, "version must be specified");
	else
		check_joined(c, "apiVersion", version, "", name_dns1035_label(version));
}

static void check_param_kind(struct check *c, const json_t *spec)
{
	const json_t *param = json_object_get(spec, "paramKind");
	struct str kind = field(param, "kind");
	auto_buf lower = { 0 };
	if (!param)
		return;
	size_t was = check_in(c, "paramKind");
	if (field(param, "apiVersion").n == 0)
		check_required(c, "apiVersion", "%s", "");
	else
		check_group_version(c, field(param, "apiVersion"));
	for (size_t i = 0; i < kind.n; i++)
		buf_putc(&lower, (char)tolower((unsigned char)kind.p[i]));
	if (kind.n == 0)
		check_required(c, "kind", "%s", "");
	else
		check_joined(c, "kind", kind, "may have mixed case, but should otherwise match: ",
			     name_dns1035_label(buf_view(&lower)));
	check_out(c, was);
}

static void check_param_ref(struct check *c, const json_t *spec)
{
	static const char *const actions[] = { "Deny", "Allow", NULL };
	const json_t *ref = json_object_get(spec, "paramRef"),
		     *selector = json_object_get(ref, "selector");
	struct str name = field(ref, "name");
	if (!ref)
		return;
	size_t was = check_in(c, "paramRef");
	if (name.n)
		check_name(c, "name", name, name_path_segment);
	if (name.n && selector)
		check_forbidden(c, "name", "name and selector are mutually exclusive");
	if (selector)
		check_label_selector(c, "selector", selector);
	if (name.n && selector)
		check_forbidden(c, "selector", "name and selector are mutually exclusive");
	if (name.n == 0 && !selector)
		check_required(c, NULL, "one of name or selector must be specified");
	check_one_of(c, ref, "parameterNotFoundAction", actions, true);
	check_out(c, was);
}

/* ---- variables, validations ---- */

static bool is_cel_identifier(struct str name)
{
	static const char *const reserved[] = { "true",     "false",     "null",     "in",   "as",
						"break",    "const",     "continue", "else", "for",
						"function", "if",        "import",   "let",  "loop",
						"package",  "namespace", "return",   "var",  "void",
						"while",    NULL };
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] != '_' && !isalpha((unsigned char)name.p[i]) &&
		    (i == 0 || !isdigit((unsigned char)name.p[i])))
			return false;
	return !str_in(name, reserved);
}

static void check_variable(struct check *c, const json_t *variable)
{
	struct str name = field(variable, "name");
	if (is_blank(name))
		check_required(c, "name", "name is not specified");
	else if (!is_cel_identifier(name))
		check_invalid_text(c, "name", name, "must be a valid CEL identifier");
	if (is_blank(field(variable, "expression")))
		check_required(c, "expression", "expression is not specified");
}

static bool has_newline(struct str text)
{
	return str_find(text, '\n') < text.n || str_find(text, '\r') < text.n;
}

static void check_validation(struct check *c, const json_t *validation)
{
	static const char *const reasons[] = { "Forbidden", "Invalid", "RequestEntityTooLarge",
					       NULL };
	struct str message = field(validation, "message"),
		   expression = field(validation, "messageExpression");
	if (is_blank(field(validation, "expression")))
		check_required(c, "expression", "expression is not specified");
	if (expression.n && is_blank(expression))
		check_invalid_text(c, "messageExpression", expression,
				   "must be non-empty if specified");
	if (message.n && is_blank(message))
		check_invalid_text(c, "message", message, "must be non-empty if specified");
	else if (has_newline(str_trim(message)))
		check_invalid_text(c, "message", message, "must not contain line breaks");
	if (json_object_get(validation, "reason") && !str_in(field(validation, "reason"), reasons))
		check_unsupported(c, "reason", json_object_get(validation, "reason"), reasons);
}

static void check_audit_annotation(struct check *c, struct str policy, const json_t *annotation,
				   struct map *keys)
{
	struct str key = field(annotation, "key"), value = field(annotation, "valueExpression");
	auto_buf full = { 0 };
	buf_printf(&full, "%.*s/%.*s", STR_ARG(policy), STR_ARG(key));
	if (policy.n)
		check_name(c, "key", buf_view(&full), name_label_key);
	else
		check_invalid_text(c, "key", key, "requires metadata.name be non-empty");
	if (is_blank(value))
		check_required(c, "valueExpression", "valueExpression is not specified");
	else if (str_trim(value).n > ANNOTATION_MAX_BYTES)
		check_required(c, "valueExpression", "must not exceed %d bytes in length",
			       ANNOTATION_MAX_BYTES);
	if (seen_before(keys, key))
		check_duplicate_text(c, "key", key);
}

static void check_audit_annotations(struct check *c, const json_t *policy, const json_t *list)
{
	struct map keys = { 0 };
	size_t was = check_in(c, "auditAnnotations"), i;
	json_t *annotation;
	if (json_array_size(list) > ANNOTATIONS_MAX)
		check_invalid(c, NULL, list, "must not have more than %d auditAnnotations",
			      ANNOTATIONS_MAX);
	json_array_foreach (list, i, annotation) {
		size_t at = check_in_index(c, i);
		check_audit_annotation(c, meta_name(policy), annotation, &keys);
		check_out(c, at);
	}
	check_out(c, was);
	map_free(&keys, NULL);
}

void validate_validating_policy(struct check *c, const json_t *policy)
{
	static const char both[] = "validations or auditAnnotations must contain at least one item";
	const json_t *spec = json_object_get(policy, "spec"),
		     *annotations = json_object_get(spec, "auditAnnotations");
	size_t was = check_in(c, "spec");
	check_one_pointed(c, spec, "failurePolicy", admission_failure_policies);
	check_param_kind(c, spec);
	check_constraints(c, spec);
	check_match_conditions(c, spec);
	each(c, spec, "variables", check_variable);
	if (json_array_size(json_object_get(spec, "validations")) == 0 &&
	    json_array_size(annotations) == 0) {
		check_required(c, "validations", "%s", both);
		check_required(c, "auditAnnotations", "%s", both);
	}
	each(c, spec, "validations", check_validation);
	check_audit_annotations(c, policy, annotations);
	check_out(c, was);
}

static void check_warning(struct check *c, const json_t *warning)
{
	if (field(warning, "warning").n == 0)
		check_required(c, "warning", "%s", "");
	if (is_blank(field(warning, "fieldRef")))
		check_required(c, "fieldRef", "%s", "");
}

void validate_validating_policy_status(struct check *c, const json_t *new, const json_t *old)
{
	size_t was = check_in(c, "status.typeChecking");
	(void)old;
	each(c, tree_get(new, "status", "typeChecking", NULL), "expressionWarnings", check_warning);
	check_out(c, was);
	check_status_conditions(c, "status.conditions",
				tree_get(new, "status", "conditions", NULL));
}

/* ---- mutations ---- */

static void check_patch(struct check *c, const json_t *mutation, const char *name, const char *type)
{
	const json_t *patch = json_object_get(mutation, name);
	size_t was = check_in(c, name);
	if (!patch)
		check_required(c, NULL, "must be specified when patchType is %s", type);
	else if (is_blank(field(patch, "expression")))
		check_required(c, "expression", "%s", "");
	check_out(c, was);
}

static void check_no_patch(struct check *c, const json_t *mutation, const char *name,
			   const char *type)
{
	auto_buf shown = { 0 };
	buf_printf(&shown, "{%s}", name);
	if (json_object_get(mutation, name))
		check_invalid_text(c, name, buf_view(&shown),
				   "must not be specified when patchType is %s", type);
}

static void check_mutation(struct check *c, const json_t *mutation)
{
	static const char *const types[] = { "ApplyConfiguration", "JSONPatch", NULL };
	struct str type = field(mutation, "patchType");
	check_one_of(c, mutation, "patchType", types, true);
	if (str_eqz(type, "JSONPatch")) {
		check_patch(c, mutation, "jsonPatch", "JSONPatch");
		check_no_patch(c, mutation, "applyConfiguration", "JSONPatch");
	} else if (str_eqz(type, "ApplyConfiguration")) {
		check_patch(c, mutation, "applyConfiguration", "ApplyConfiguration");
		check_no_patch(c, mutation, "jsonPatch", "ApplyConfiguration");
	}
}

/* Nothing is changed on its way out. */
static void check_no_deletes(struct check *c, const json_t *spec)
{
	static const char *const operations[] = { "*", "CONNECT", "CREATE", "UPDATE", NULL };
	size_t was = check_in(c, "matchConstraints.resourceRules.operations"), i, k;
	json_t *rule, *operation;
	json_array_foreach (tree_get(spec, "matchConstraints", "resourceRules", NULL), i, rule)
		json_array_foreach (json_object_get(rule, "operations"), k, operation)
			if (!str_in(tree_str(operation), operations))
				check_unsupported(c, NULL, operation, operations);
	check_out(c, was);
}

void validate_mutating_policy(struct check *c, const json_t *policy)
{
	const json_t *spec = json_object_get(policy, "spec");
	size_t was = check_in(c, "spec");
	check_one_pointed(c, spec, "failurePolicy", admission_failure_policies);
	check_param_kind(c, spec);
	check_constraints(c, spec);
	check_no_deletes(c, spec);
	check_match_conditions(c, spec);
	each(c, spec, "variables", check_variable);
	if (json_array_size(json_object_get(spec, "mutations")) == 0)
		check_required(c, "mutations", "mutations must contain at least one item");
	each(c, spec, "mutations", check_mutation);
	check_one_of(c, spec, "reinvocationPolicy", admission_reinvocation_policies, true);
	check_out(c, was);
}

/* ---- bindings ---- */

static void check_policy_name(struct check *c, struct str name)
{
	if (name.n)
		check_name(c, "policyName", name, name_dns_subdomain);
	else
		CHECK_DECLARED(c, check_required(c, "policyName", "%s", ""));
}

static void check_match_resources(struct check *c, const json_t *spec)
{
	size_t was = check_in(c, "matchResources");
	if (json_object_get(spec, "matchResources"))
		check_match(c, json_object_get(spec, "matchResources"));
	check_out(c, was);
}

static void check_actions(struct check *c, const json_t *list)
{
	static const char *const actions[] = { "Audit", "Deny", "Warn", NULL };
	struct map seen = { 0 };
	size_t was = check_in(c, "validationActions"), i;
	json_t *action;
	json_array_foreach (list, i, action) {
		size_t at = check_in_index(c, i);
		if (!str_in(tree_str(action), actions))
			check_unsupported(c, NULL, action, actions);
		if (seen_before(&seen, tree_str(action)))
			check_duplicate(c, NULL, action);
		check_out(c, at);
	}
	if (map_get(&seen, STR("Deny")) && map_get(&seen, STR("Warn")))
		check_invalid(c, NULL, list,
			      "must not contain both Deny and Warn (repeating the same validation "
			      "failure information in the API response and headers serves no "
			      "purpose)");
	if (json_array_size(list) == 0)
		CHECK_DECLARED(c, check_required(c, NULL, "%s", ""));
	check_out(c, was);
	map_free(&seen, NULL);
}

void validate_validating_binding(struct check *c, const json_t *binding)
{
	const json_t *spec = json_object_get(binding, "spec");
	size_t was = check_in(c, "spec");
	check_policy_name(c, field(spec, "policyName"));
	check_param_ref(c, spec);
	check_match_resources(c, spec);
	check_actions(c, json_object_get(spec, "validationActions"));
	check_out(c, was);
}

void validate_mutating_binding(struct check *c, const json_t *binding)
{
	const json_t *spec = json_object_get(binding, "spec");
	size_t was = check_in(c, "spec");
	check_policy_name(c, field(spec, "policyName"));
	check_param_ref(c, spec);
	check_match_resources(c, spec);
	check_out(c, was);
}
