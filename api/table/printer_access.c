/* SPDX-License-Identifier: Apache-2.0 */
/* Cells of RBAC, certificates, admission policies, API services, custom resource definitions and claims. */
#include "api/table/printer_cells.h"
#include "base/mem.h"

void cell_bindings_role(struct cell *c)
{
	at_text(at_path(c->root, "roleRef.kind"), &c->text);
	cell_puts(c, "/");
	at_text(at_path(c->root, "roleRef.name"), &c->text);
}

static void subjects(struct cell *c, const char *kind, bool with_namespace)
{
	AT_EACH(at_get(c->root, "subjects"), it)
	{
		if (!at_eq(at_get(it, "kind"), kind))
			continue;
		cell_puts(c, c->text.n ? ", " : "");
		if (with_namespace) {
			at_text(at_get(it, "namespace"), &c->text);
			cell_puts(c, "/");
		}
		at_text(at_get(it, "name"), &c->text);
	}
}

void cell_bindings_users(struct cell *c)
{
	subjects(c, "User", false);
}

void cell_bindings_groups(struct cell *c)
{
	subjects(c, "Group", false);
}

void cell_bindings_serviceaccounts(struct cell *c)
{
	subjects(c, "ServiceAccount", true);
}

void cell_certificatesigningrequests_condition(struct cell *c)
{
	struct at conditions = at_path(c->root, "status.conditions");
	bool denied = cell_find(conditions, "type", "Denied").v,
	     approved = cell_find(conditions, "type", "Approved").v;
	cell_puts(c, denied ? "Denied" : approved ? "Approved" : "Pending");
	cell_puts(c, cell_find(conditions, "type", "Failed").v ? ",Failed" : "");
	cell_puts(c, at_empty(at_path(c->root, "status.certificate")) ? "" : ",Issued");
}

void cell_podcertificaterequests_state(struct cell *c)
{
	const char *state = "Pending";
	AT_EACH(at_path(c->root, "status.conditions"), it)
	{
		struct at type = at_get(it, "type");
		state = at_eq(type, "Issued")   ? "Issued"
			: at_eq(type, "Denied") ? "Denied"
			: at_eq(type, "Failed") ? "Failed"
						: state;
	}
	cell_puts(c, state);
}

void cell_policies_paramkind(struct cell *c)
{
	struct at kind = at_path(c->root, "spec.paramKind");
	if (!kind.v) {
		cell_puts(c, "<unset>");
		return;
	}
	at_text(at_get(kind, "apiVersion"), &c->text);
	cell_puts(c, "/");
	at_text(at_get(kind, "kind"), &c->text);
}

void cell_policybindings_paramref(struct cell *c)
{
	struct at ref = at_path(c->root, "spec.paramRef");
	if (!ref.v) {
		cell_puts(c, "<unset>");
	} else if (!at_empty(at_get(ref, "name"))) {
		cell_or(c, at_get(ref, "namespace"), "*");
		cell_puts(c, "/");
		at_text(at_get(ref, "name"), &c->text);
	} else {
		buf_str(&c->text, at_raw(at_get(ref, "selector")));
	}
}

void cell_flowschemas_missingpl(struct cell *c)
{
	cell_or(c,
		at_get(cell_find(at_path(c->root, "status.conditions"), "type", "Dangling"),
		       "status"),
		"?");
}

void cell_apiservices_service(struct cell *c)
{
	struct at service = at_path(c->root, "spec.service");
	if (!service.v) {
		cell_puts(c, "Local");
		return;
	}
	at_text(at_get(service, "namespace"), &c->text);
	cell_puts(c, "/");
	at_text(at_get(service, "name"), &c->text);
}

void cell_apiservices_available(struct cell *c)
{
	struct at condition = cell_find(at_path(c->root, "status.conditions"), "type", "Available");
	struct at reason = at_get(condition, "reason");
	cell_or(c, at_get(condition, "status"), "Unknown");
	if (!condition.v || at_eq(at_get(condition, "status"), "True") || at_empty(reason))
		return;
	cell_puts(c, " (");
	at_text(reason, &c->text);
	cell_puts(c, ")");
}

void cell_crds_versions(struct cell *c)
{
	struct at versions = at_path(c->root, "spec.versions");
	size_t n = 0, count = at_count(versions);
	auto_free struct str *names = mem_alloc((count + 1) * sizeof(*names));
	auto_free struct buf *texts = mem_zalloc((count + 1) * sizeof(*texts));
	AT_EACH(versions, it)
	{
		if (!at_true(at_get(it, "served")))
			continue;
		at_text(at_get(it, "name"), &texts[n]);
		buf_puts(&texts[n], at_true(at_get(it, "storage")) ? "(storage)" : "");
		names[n] = buf_view(&texts[n]);
		n++;
	}
	cell_sorted_set(c, names, n, ",");
	while (n)
		buf_free(&texts[--n]);
}

void cell_crds_established(struct cell *c)
{
	cell_raw(c, cell_has_condition(at_path(c->root, "status.conditions"), "Established", "True")
			    ? "true"
			    : "false");
}

void cell_migrations_resource(struct cell *c)
{
	struct at resource = at_path(c->root, "spec.resource");
	at_text(at_get(resource, "resource"), &c->text);
	if (at_empty(at_get(resource, "group")))
		return;
	cell_puts(c, ".");
	at_text(at_get(resource, "group"), &c->text);
}

void cell_migrations_status(struct cell *c)
{
	static const char *const types[] = { "Succeeded", "Failed", "Running" };
	for (size_t i = 0; i < COUNT_OF(types); i++)
		if (cell_has_condition(at_path(c->root, "status.conditions"), types[i], "True")) {
			cell_puts(c, types[i]);
			return;
		}
	cell_puts(c, "Unknown");
}

void cell_resourceclaims_state(struct cell *c)
{
	bool deleted = !at_empty(at_path(c->root, "metadata.deletionTimestamp"));
	bool allocated = at_path(c->root, "status.allocation").v;
	cell_puts(c, deleted ? "deleted" : "");
	if (!allocated && !deleted)
		cell_puts(c, "pending");
	if (allocated) {
		cell_puts(c, c->text.n ? "," : "");
		cell_puts(c, at_count(at_path(c->root, "status.reservedFor")) ? "allocated,reserved"
									      : "allocated");
	}
}
