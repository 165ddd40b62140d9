/* SPDX-License-Identifier: Apache-2.0 */
/* Kind and version of a body: what the path wants, or what upstream could convert to it. */
#include <stdio.h>

#include "api/object/meta.h"
#include "base/mem.h"
#include "server/apiserver/write/decode_parts.h"

struct decode_expect decode_expected(const struct api_request *r)
{
	const struct api_resource *res = r->resource;
	if (r->sub && r->sub->type)
		return (struct decode_expect){ r->sub->type, r->sub->group, r->sub->version,
					       r->sub->kind };
	return (struct decode_expect){ res->type, res->group, res->version, res->kind };
}

/* "apps/v1" in its two halves */
static struct str version_split(struct str version, struct str *group)
{
	size_t slash = str_rfind(version, '/');
	*group = slash < version.n ? str_of(version.p, slash) : STR("");
	return slash < version.n ? str_of(version.p + slash + 1, version.n - slash - 1) : version;
}

static int no_kind(const struct decode_expect *x, struct str kind, struct str version,
		   struct err *err)
{
	struct str group, bare = version_split(version, &group);
	if (api_type_by_kind(group, bare, kind))
		return err_set(err, ERR_BAD_REQUEST,
			       "%.*s in version \"%.*s\" cannot be handled as a %s: converting "
			       "(%.*s.%.*s) to (%s.%s): unknown conversion",
			       STR_ARG(kind), STR_ARG(bare), x->kind, STR_ARG(bare), STR_ARG(kind),
			       x->group[0] ? x->group : "core", x->kind);
	return err_set(err, ERR_BAD_REQUEST,
		       "%.*s in version \"%.*s\" cannot be handled as a %s: no kind \"%.*s\" is "
		       "registered for version \"%.*s\" in scheme "
		       "\"pkg/runtime/scheme.go:111\"",
		       STR_ARG(kind), STR_ARG(bare), x->kind, STR_ARG(kind), STR_ARG(version));
}

/* A custom resource says what it is; another kind is left to validation. */
static int custom_check(const struct decode_expect *x, const json_t *tree, struct err *err)
{
	char expected[256];
	struct str kind = meta_kind(tree), version = meta_api_version(tree);
	snprintf(expected, sizeof(expected), "%s/%s", x->group, x->version);
	if (!str_eqz(version, expected))
		return err_set(err, ERR_BAD_REQUEST,
			       "the API version in the data (%.*s) does not match the expected API "
			       "version (%s)",
			       STR_ARG(version), expected);
	if (str_eqz(kind, x->kind))
		return 0;
	err_cause(err, "FieldValueInvalid", "kind", "Invalid value: \"%.*s\": must be %s",
		  STR_ARG(kind), x->kind);
	return err_set(err, ERR_INVALID,
		       "%.*s.%s \"%.*s\" is invalid: kind: Invalid value: \"%.*s\": must be %s",
		       STR_ARG(kind), x->group, STR_ARG(meta_name(tree)), STR_ARG(kind), x->kind);
}

bool decode_is_custom(const struct decode_expect *x)
{
	return x->type && !x->type->gv;
}

/* Versions that are no longer served, but that upstream can still read. */
static bool was_served(struct str version, const char *kind)
{
	static const struct {
		const char *version, *kinds;
	} rows[] = {
		{ "apps/v1beta1", "Deployment,StatefulSet,ControllerRevision" },
		{ "apps/v1beta2",
		  "Deployment,StatefulSet,DaemonSet,ReplicaSet,ControllerRevision" },
		{ "extensions/v1beta1", "Deployment,DaemonSet,ReplicaSet,Ingress,NetworkPolicy" },
		{ "batch/v1beta1", "CronJob" },
		{ "policy/v1beta1", "PodDisruptionBudget,Eviction" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct str kinds = str_from(rows[i].kinds), one;
		while (str_eqz(version, rows[i].version) && str_next(&kinds, ',', &one))
			if (str_eqz(one, kind))
				return true;
	}
	return false;
}

/* An absent kind or version means the expected one. */
int decode_kind(const struct decode_expect *x, json_t *tree, struct err *err)
{
	char expected[256];
	struct str kind = meta_kind(tree), version = meta_api_version(tree);
	if (decode_is_custom(x))
		return custom_check(x, tree, err);
	snprintf(expected, sizeof(expected), "%s%s%s", x->group, x->group[0] ? "/" : "",
		 x->version);
	if (kind.n && !str_eqz(kind, x->kind))
		return no_kind(x, kind, version.n ? version : str_from(expected), err);
	bool older = was_served(version, x->kind);
	if (version.n && !str_eqz(version, expected) && !(older && x->older)) {
		struct str group, bare = version_split(version, &group);
		if (!older && !api_type_by_kind(group, bare, str_from(x->kind)))
			return no_kind(x, str_from(x->kind), version, err);
		return err_set(err, ERR_BAD_REQUEST,
			       "the API version in the data (%.*s) does not match the expected API "
			       "version (%s)",
			       STR_ARG(version), expected);
	}
	json_object_set_new(tree, "kind", json_string(x->kind));
	json_object_set_new(tree, "apiVersion", json_string(expected));
	return 0;
}
