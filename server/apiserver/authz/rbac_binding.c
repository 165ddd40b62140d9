/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/authz/rbac_binding.h"

#include "base/mem.h"

static struct str text_copy(char **to, struct str s)
{
	struct str out = { *to, s.n };
	if (s.n)
		memcpy(*to, s.p, s.n);
	*to += s.n;
	return out;
}

static bool kind_of(struct str word, enum rbac_subject_kind *out)
{
	static const char *const kinds[] = { "User", "Group", "ServiceAccount" };
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		if (!str_eqz(word, kinds[i]))
			continue;
		*out = (enum rbac_subject_kind)i;
		return true;
	}
	return false;
}

struct rbac_binding *rbac_binding_new(const struct object *o, const struct rbac_v1_role_binding *in,
				      struct str role_key)
{
	const struct rbac_v1_subject *from = in->subjects.items;
	size_t n = in->subjects.n;
	size_t bytes = o->ns.n + o->name.n + role_key.n;
	for (size_t i = 0; i < n; i++)
		bytes += from[i].name.n + from[i].namespace.n;
	struct rbac_binding *b =
		mem_zalloc(sizeof(*b) + n * sizeof(struct rbac_subject) + bytes + 1);
	char *text = (char *)&b->subjects[n];
	b->ns = text_copy(&text, o->ns);
	b->name = text_copy(&text, o->name);
	b->role_key = text_copy(&text, role_key);
	for (size_t i = 0; i < n; i++) {
		struct rbac_subject *s = &b->subjects[b->nsubjects];
		if (!kind_of(from[i].kind, &s->kind))
			continue;
		s->name = text_copy(&text, from[i].name);
		if (s->kind == RBAC_ACCOUNT)
			s->ns = from[i].namespace.n ? text_copy(&text, from[i].namespace) : b->ns;
		b->nsubjects++;
	}
	return b;
}

/* --- in words --- */

static bool stands_for(const struct rbac_subject *s, const struct api_user *u)
{
	struct str account = u->name;
	if (s->kind == RBAC_USER)
		return str_eq(u->name, s->name);
	if (s->kind == RBAC_ACCOUNT)
		return str_cut_prefix(&account, STR("system:serviceaccount:")) &&
		       str_cut_prefix(&account, s->ns) && str_cut_prefix(&account, STR(":")) &&
		       str_eq(account, s->name);
	for (size_t i = 0; i < u->ngroups; i++)
		if (str_eq(u->groups[i], s->name))
			return true;
	return false;
}

static void subject_describe(const struct rbac_subject *s, struct buf *out)
{
	static const char *const kinds[] = { "User", "Group", "ServiceAccount" };
	buf_printf(out, "%s \"%.*s", kinds[s->kind], STR_ARG(s->name));
	if (s->kind == RBAC_ACCOUNT)
		buf_printf(out, "/%.*s", STR_ARG(s->ns));
	buf_puts(out, "\"");
}

void rbac_binding_describe(const struct rbac_binding *b, const struct api_user *u, struct buf *out)
{
	buf_printf(out, "%s \"%.*s", b->ns.n ? "RoleBinding" : "ClusterRoleBinding",
		   STR_ARG(b->name));
	if (b->ns.n)
		buf_printf(out, "/%.*s", STR_ARG(b->ns));
	buf_printf(out, "\" of %s \"%.*s\" to ", b->role->cluster ? "ClusterRole" : "Role",
		   STR_ARG(b->role->name));
	for (size_t i = 0; i < b->nsubjects; i++) {
		if (!stands_for(&b->subjects[i], u))
			continue;
		subject_describe(&b->subjects[i], out);
		return;
	}
}
