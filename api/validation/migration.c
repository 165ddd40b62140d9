/* SPDX-License-Identifier: Apache-2.0 */
/* StorageVersionMigrations. Follows upstream's pkg/apis/storagemigration/validation. */
#include "api/object/meta.h"
#include "api/validation/internal.h"
#include "api/validation/kinds.h"

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

static void check_joined(struct check *c, const char *child, struct str value, name_check rule)
{
	struct name_errors e = rule(value);
	auto_buf all = { 0 };
	for (size_t i = 0; i < e.n; i++)
		buf_printf(&all, "%s%s", i ? "," : "", e.text[i]);
	if (e.n)
		check_invalid_text(c, child, value, "%s", all.p);
}

void validate_migration(struct check *c, const json_t *migration)
{
	const json_t *resource = tree_get(migration, "spec", "resource", NULL);
	size_t was = check_in(c, "spec.resource");
	if (field(resource, "resource").n == 0)
		check_required(c, "resource", "resource is required to be set");
	else
		check_joined(c, "resource", field(resource, "resource"), name_dns1035_label);
	if (field(resource, "group").n)
		check_joined(c, "group", field(resource, "group"), name_dns_subdomain);
	check_out(c, was);
}

void validate_migration_update(struct check *c, const json_t *new, const json_t *old)
{
	validate_migration(c, new);
	if (!shape_equal(json_object_get(new, "spec"), json_object_get(old, "spec")))
		check_invalid_internal(c, "spec", "storagemigration/v1.StorageVersionMigrationSpec",
				       json_object_get(new, "spec"), "field is immutable");
}

static bool holds(const json_t *migration, const char *type)
{
	size_t i;
	json_t *condition;
	json_array_foreach (tree_get(migration, "status", "conditions", NULL), i, condition)
		if (str_eqz(field(condition, "type"), type))
			return str_eqz(field(condition, "status"), "True");
	return false;
}

void validate_migration_status(struct check *c, const json_t *new, const json_t *old)
{
	const json_t *conditions = tree_get(new, "status", "conditions", NULL);
	struct str revision = tree_get_str(new, "status", "resourceVersion", NULL),
		   was = tree_get_str(old, "status", "resourceVersion", NULL);
	int64_t number;
	size_t at = check_in(c, "status");
	if (revision.n && (!str_to_i64(revision, &number) || number <= 0 || *revision.p == '0'))
		check_invalid_text(c, "resourceVersion", revision,
				   "resource version is not well formed: %.*s", STR_ARG(revision));
	check_status_conditions(c, "conditions", conditions);
	if (was.n && !str_eq(was, revision))
		check_invalid_text(c, "resourceVersion", revision, "field is immutable");
	if (holds(new, "Succeeded") && holds(new, "Failed"))
		check_invalid_items(
			c, "conditions", "meta/v1.Condition", conditions,
			"Both success and failed conditions cannot be true at the same time");
	if (holds(old, "Succeeded") && !holds(new, "Succeeded"))
		check_invalid_items(c, "conditions", "meta/v1.Condition", conditions,
				    "Success condition cannot be set to false once it is true");
	if (holds(old, "Failed") && !holds(new, "Failed"))
		check_invalid_items(c, "conditions", "meta/v1.Condition", conditions,
				    "Failed condition cannot be set to false once it is true");
	check_out(c, at);
}
