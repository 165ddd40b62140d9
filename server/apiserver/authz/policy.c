/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/authz/policy.h"

#include "base/mem.h"
#include "embed/blob.h"
#include "generated/api_tables.h"

#define GROUP "rbac.authorization.k8s.io"

struct reader {
	struct buf members, rules, aggregates;
	struct policy_item item;
	void (*fn)(void *ctx, const struct policy_item *item);
	void *ctx;
};

/* --- words --- */

static struct str word(struct str *rest)
{
	struct str one = { 0 };
	str_next(rest, ' ', &one);
	return one;
}

static void list_json(struct buf *out, const char *field, struct str words)
{
	struct str one;
	buf_printf(out, "\"%s\":[", field);
	for (bool first = true; str_next(&words, ',', &one); first = false) {
		buf_puts(out, first ? "" : ",");
		buf_json_string(out, str_eqz(one, "core") ? STR("") : one);
	}
	buf_putc(out, ']');
}

/* --- lines below a role --- */

static void rule_read(struct reader *r, struct str line)
{
	struct str verbs = word(&line), groups = word(&line), resources = word(&line);
	buf_puts(&r->rules, r->rules.n ? ",{" : "{");
	list_json(&r->rules, "verbs", verbs);
	buf_putc(&r->rules, ',');
	if (str_eqz(groups, "url")) {
		list_json(&r->rules, "nonResourceURLs", resources);
	} else {
		list_json(&r->rules, "apiGroups", groups);
		buf_putc(&r->rules, ',');
		list_json(&r->rules, "resources", resources);
	}
	if (line.n) {
		buf_putc(&r->rules, ',');
		list_json(&r->rules, "resourceNames", word(&line));
	}
	buf_putc(&r->rules, '}');
}

static void detail_read(struct reader *r, struct str line)
{
	if (!str_cut_prefix(&line, STR("aggregate "))) {
		rule_read(r, line);
		return;
	}
	buf_puts(&r->aggregates, r->aggregates.n ? " " : "");
	buf_str(&r->aggregates, line);
}

/* --- objects --- */

static void name_read(struct policy_item *item, struct str name)
{
	size_t slash = str_find(name, '/');
	bool in_ns = slash < name.n;
	item->ns = in_ns ? str_of(name.p, slash) : STR("");
	item->name = in_ns ? str_of(name.p + slash + 1, name.n - slash - 1) : name;
}

static void subject_write(struct buf *out, struct str s)
{
	struct str name = s;
	buf_putc(out, '{');
	if (str_cut_prefix(&name, STR("account:"))) {
		size_t slash = str_find(name, '/');
		buf_printf(out,
			   "\"kind\":\"ServiceAccount\",\"name\":\"%.*s\",\"namespace\":\"%.*s\"}",
			   (int)(name.n - slash - 1), name.p + slash + 1, (int)slash, name.p);
		return;
	}
	bool group = str_cut_prefix(&name, STR("group:"));
	if (!group)
		str_cut_prefix(&name, STR("user:"));
	buf_printf(out, "\"kind\":\"%s\",\"apiGroup\":\"" GROUP "\",\"name\":\"%.*s\"}",
		   group ? "Group" : "User", STR_ARG(name));
}

static void binding_read(struct reader *r, struct str line)
{
	struct buf *out = &r->members;
	name_read(&r->item, word(&line));
	r->item.resource =
		r->item.ns.n ? API_RBAC_V1_ROLEBINDINGS : API_RBAC_V1_CLUSTERROLEBINDINGS;
	struct str kind, role = word(&line);
	str_next(&role, ':', &kind);
	r->item.has_subjects = line.n > 0;
	if (line.n)
		buf_puts(out, "\"subjects\":[");
	for (bool first = true; line.n; first = false) {
		buf_puts(out, first ? "" : ",");
		subject_write(out, word(&line));
	}
	buf_puts(out, r->item.has_subjects ? "]," : "");
	buf_printf(out,
		   "\"roleRef\":{\"apiGroup\":\"" GROUP "\",\"kind\":\"%.*s\",\"name\":\"%.*s\"}",
		   STR_ARG(kind), STR_ARG(role));
}

static void role_members(struct reader *r)
{
	struct buf *out = &r->members;
	struct str rest = buf_view(&r->aggregates), one;
	auto_buf rules = { 0 };
	if (r->rules.n)
		buf_printf(&rules, "[%s]", r->rules.p);
	else
		buf_puts(&rules, "null");
	buf_reset(&r->rules);
	buf_str(&r->rules, buf_view(&rules));
	buf_printf(out, "\"rules\":%s", rules.p);
	if (!rest.n)
		return;
	buf_puts(out, ",\"aggregationRule\":{\"clusterRoleSelectors\":[");
	for (bool first = true; str_next(&rest, ' ', &one); first = false)
		buf_printf(out, "%s{\"matchLabels\":{\"" GROUP "/%.*s\":\"true\"}}",
			   first ? "" : ",", STR_ARG(one));
	buf_puts(out, "]}");
}

static void item_end(struct reader *r)
{
	struct policy_item *item = &r->item;
	if (!item->resource)
		return;
	if (item->resource == API_RBAC_V1_ROLES || item->resource == API_RBAC_V1_CLUSTERROLES)
		role_members(r);
	item->members = buf_view(&r->members);
	item->rules = buf_view(&r->rules);
	item->aggregates = buf_view(&r->aggregates);
	r->fn(r->ctx, item);
	buf_reset(&r->members);
	buf_reset(&r->rules);
	buf_reset(&r->aggregates);
	r->item = (struct policy_item){ 0 };
}

static void line_read(struct reader *r, struct str line)
{
	if (line.n == 0 || line.p[0] == '#')
		return;
	if (line.p[0] == '\t') {
		detail_read(r, str_of(line.p + 1, line.n - 1));
		return;
	}
	item_end(r);
	if (str_cut_prefix(&line, STR("binding "))) {
		binding_read(r, line);
	} else if (str_cut_prefix(&line, STR("role "))) {
		name_read(&r->item, word(&line));
		r->item.resource = r->item.ns.n ? API_RBAC_V1_ROLES : API_RBAC_V1_CLUSTERROLES;
		r->item.labels = line;
	}
}

void policy_each(const char *file, void (*fn)(void *ctx, const struct policy_item *item), void *ctx)
{
	const struct blob *b = blob_find(file);
	struct reader r = { .fn = fn, .ctx = ctx };
	struct str rest = str_of(b->data, b->n), line;
	while (str_next(&rest, '\n', &line))
		line_read(&r, line);
	item_end(&r);
	buf_free(&r.members);
	buf_free(&r.rules);
	buf_free(&r.aggregates);
}

/* --- as JSON --- */

static void labels_write(struct buf *out, struct str words, const char *prefix, const char *value)
{
	struct str one;
	while (words.n && str_next(&words, ' ', &one))
		buf_printf(out, ",\"%s" GROUP "/%.*s\":%s", prefix, STR_ARG(one), value);
}

static void managed_write(const struct policy_item *item, const char *now, struct buf *out)
{
	bool role = item->rules.n > 0;
	buf_printf(out,
		   "\"managedFields\":[{\"manager\":\"kube-apiserver\",\"operation\":\"Update\","
		   "\"apiVersion\":\"" GROUP "/v1\",\"time\":\"%s\",\"fieldsType\":\"FieldsV1\","
		   "\"fieldsV1\":{%s\"f:metadata\":{\"f:annotations\":{\".\":{},"
		   "\"f:rbac.authorization.kubernetes.io/autoupdate\":{}},\"f:labels\":{\".\":{},"
		   "\"f:kubernetes.io/bootstrapping\":{}",
		   now,
		   item->aggregates.n
			   ? "\"f:aggregationRule\":{\".\":{},\"f:clusterRoleSelectors\":{}},"
			   : "");
	labels_write(out, item->labels, "f:", "{}");
	buf_printf(out, "}}%s%s%s}}]", role ? "" : ",\"f:roleRef\":{}",
		   role && !str_eqz(item->rules, "null") ? ",\"f:rules\":{}" : "",
		   item->has_subjects ? ",\"f:subjects\":{}" : "");
}

void policy_write(const struct policy_item *item, const char *uid, const char *now, struct buf *out)
{
	buf_printf(out, "{\"kind\":\"%s\",\"apiVersion\":\"" GROUP "/v1\",\"metadata\":{",
		   item->resource->kind);
	buf_printf(out, "\"name\":\"%.*s\",", STR_ARG(item->name));
	if (item->ns.n)
		buf_printf(out, "\"namespace\":\"%.*s\",", STR_ARG(item->ns));
	buf_printf(out,
		   "\"uid\":\"%s\",\"creationTimestamp\":\"%s\",\"labels\":{"
		   "\"kubernetes.io/bootstrapping\":\"rbac-defaults\"",
		   uid, now);
	labels_write(out, item->labels, "", "\"true\"");
	buf_puts(out, "},\"annotations\":{\"rbac.authorization.kubernetes.io/autoupdate\":"
		      "\"true\"},");
	managed_write(item, now, out);
	buf_puts(out, "},");
	buf_str(out, item->members);
	buf_puts(out, "}");
}

/* --- rules --- */

struct wanted {
	const char *role;
	struct rbac_rules *found;
};

static void rules_find(void *ctx, const struct policy_item *item)
{
	struct wanted *w = ctx;
	if (!w->found && item->resource == API_RBAC_V1_CLUSTERROLES && str_eqz(item->name, w->role))
		w->found = rbac_rules_read(item->rules);
}

struct rbac_rules *policy_rules(const char *role)
{
	struct wanted w = { .role = role };
	policy_each(POLICY_CORE, rules_find, &w);
	return w.found ? w.found : rbac_rules_new(NULL, 0);
}
