/* SPDX-License-Identifier: Apache-2.0 */
#include "api/validation/validation.h"

#include "api/crd/rules.h"
#include "api/object/meta.h"
#include "api/validation/kinds.h"
#include "api/validation/metadata.h"
#include "base/mem.h"

/* Subresources whose rules are not those of the object or of its status. */
static const struct {
	const char *group, *plural, *subresource;
	validate_update_fn update;
} subresources[] = {
	{ "", "pods", "ephemeralcontainers", validate_pod_ephemeral },
	{ "", "pods", "resize", validate_pod_resize },
	{ "certificates.k8s.io", "certificatesigningrequests", "approval",
	  validate_signing_request_approval },
	{ "", "namespaces", "finalize", validate_namespace_finalize },
};

static void cause_free(struct err_cause *cause)
{
	free(cause->type);
	free(cause->message);
	free(cause->field);
}

/* Each complaint once, in their order, as upstream's aggregate prints them. */
static void join_causes(struct err *err, struct buf *out)
{
	struct map seen = { 0 };
	size_t n = 0;
	for (size_t i = 0; i < err->ncauses; i++) {
		struct err_cause *cause = &err->causes[i];
		auto_buf line = { 0 };
		buf_printf(&line, "%s: %s", cause->field ? cause->field : "", cause->message);
		if (seen_before(&seen, buf_view(&line))) {
			cause_free(cause);
			continue;
		}
		buf_puts(out, n ? ", " : "");
		buf_str(out, buf_view(&line));
		err->causes[n++] = *cause;
	}
	err->ncauses = n;
	map_free(&seen, NULL);
}

int validate_finish(const char *kind, const char *group, struct str name, struct err *err)
{
	auto_buf text = { 0 };
	auto_buf quoted = { 0 };
	if (err->ncauses == 0)
		return 0;
	join_causes(err, &text);
	buf_json_string(&quoted, name);
	return err_set(err, ERR_INVALID,
		       err->ncauses > 1 ? "%s%s%s %s is invalid: [%s]" : "%s%s%s %s is invalid: %s",
		       kind, *group ? "." : "", group, quoted.p, text.p);
}

static int finish(struct check *c, const struct api_resource *r, const json_t *object,
		  struct err *err)
{
	for (size_t i = 0; i < c->later.ncauses; i++)
		err_cause(c->err, c->later.causes[i].type, c->later.causes[i].field, "%s",
			  c->later.causes[i].message);
	err_clear(&c->later);
	bool event = !strcmp(r->group, "events.k8s.io"); /* the core group's, to upstream */
	int code = validate_finish(r->kind, event ? "" : r->group, meta_name(object), c->err);
	buf_free(&c->path);
	if (code < 0)
		err_move(err, c->err);
	else
		err_clear(c->err);
	return code;
}

static bool is_custom(const struct api_resource *r)
{
	return r->type && !r->type->gv;
}

/* Kinds that upstream's validation does not hold against the core group's rules for metadata. */
static bool is_general(const struct api_resource *r)
{
	static const char *const groups[] = { "admissionregistration.k8s.io",
					      "apiextensions.k8s.io",
					      "apiregistration.k8s.io",
					      "coordination.k8s.io",
					      "events.k8s.io",
					      "node.k8s.io",
					      NULL };
	bool event = !r->group[0] && strcmp(r->plural, "events") == 0;
	bool budget = strcmp(r->plural, "poddisruptionbudgets") == 0;
	return event || budget || str_in(str_from(r->group), groups);
}

static void creation_metadata(struct check *c, const struct api_resource *r,
			      const struct kind_rules *rules, const json_t *object)
{
	if (!rules || rules->metadata != METADATA_OWN)
		check_metadata(c, object, r->namespaced,
			       rules && rules->name ? rules->name : name_dns_subdomain);
}

int validate_create(const struct api_resource *r, const json_t *object, struct err *err)
{
	struct err found = { 0 };
	struct check c = { .err = &found, .custom = is_custom(r), .general = is_general(r) };
	const struct kind_rules *rules = r->crd ? NULL : kind_rules_find(r->group, r->plural);
	creation_metadata(&c, r, rules, object);
	if (r->crd)
		crd_validate(&c, r, "", object, NULL);
	else if (rules && rules->create)
		rules->create(&c, object);
	bool any_name = rules && (rules->metadata == METADATA_OWN || rules->name == name_any);
	if (any_name && found.ncauses == 0)
		check_metadata(&c, object, r->namespaced, name_path_segment);
	return finish(&c, r, object, err);
}

static validate_update_fn subresource_rules(const struct api_resource *r, const char *subresource)
{
	for (size_t i = 0; i < COUNT_OF(subresources); i++)
		if (strcmp(subresources[i].subresource, subresource) == 0 &&
		    strcmp(subresources[i].plural, r->plural) == 0 &&
		    strcmp(subresources[i].group, r->group) == 0)
			return subresources[i].update;
	return NULL;
}

static void update(struct check *c, const struct kind_rules *rules, const json_t *new,
		   const json_t *old)
{
	if (rules->update)
		rules->update(c, new, old);
	else if (rules->create)
		rules->create(c, new);
}

int validate_update(const struct api_resource *r, const char *subresource, const json_t *new,
		    const json_t *old, struct err *err)
{
	struct err found = { 0 };
	bool event =
		!strcmp(r->group, "events.k8s.io"); /* of these upstream looks closer at updates */
	struct check c = { .err = &found,
			   .custom = is_custom(r),
			   .general = is_general(r) && !event,
			   .update = true };
	const struct kind_rules *rules = r->crd ? NULL : kind_rules_find(r->group, r->plural);
	validate_update_fn special =
		subresource && !r->crd ? subresource_rules(r, subresource) : NULL;
	bool whole = !subresource || !*subresource;
	if (rules && (rules->metadata == METADATA_BOTH || rules->metadata == METADATA_AGAIN) &&
	    whole)
		creation_metadata(&c, r, rules, new);
	if (rules && rules->metadata == METADATA_BOTH && whole)
		rules->create(&c, new);
	check_metadata_update(&c, new, old);
	if (r->crd)
		crd_validate(&c, r, subresource ? subresource : "", new, old);
	else if (special)
		special(&c, new, old);
	else if (rules && whole)
		update(&c, rules, new, old);
	else if (rules && strcmp(subresource, "status") == 0 && rules->update_status)
		rules->update_status(&c, new, old);
	return finish(&c, r, new, err);
}
