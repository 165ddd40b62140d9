/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/manifests/manifest_record.h"

#include "api/decode.h"
#include "base/encode.h"
#include "base/mem.h"
#include "generated/api_structs.h"

#define NAME_PART_MAX 200

bool manifest_record_is(const struct object *o)
{
	if (!str_eqz(o->ns, MANIFEST_RECORD_NS))
		return false;
	for (size_t i = 0; i < o->nlabels; i++)
		if (str_eqz(o->labels[i].key, MANIFEST_RECORD_LABEL))
			return true;
	return false;
}

static void read_line(struct manifest_record *r, struct str line)
{
	struct manifest m = { 0 };
	struct str where, rest = line;

	if (!str_next(&rest, ' ', &m.api_version) || !str_next(&rest, ' ', &m.kind) ||
	    !str_next(&rest, ' ', &where) || !where.n)
		return;
	size_t slash = str_find(where, '/');
	if (slash < where.n)
		m.ns = str_of(where.p, slash);
	m.name = slash < where.n ? str_of(where.p + slash + 1, where.n - slash - 1) : where;
	manifest_record_add(r, &m);
}

int manifest_record_read(const struct object *o, struct manifest_record *out, struct err *err)
{
	struct core_v1_config_map map = { 0 };
	*out = (struct manifest_record){ 0 };
	int r = object_decode(o, &out->arena, api_struct_core_v1_config_map, &map, err);

	for (size_t i = 0; r == 0 && i < map.data.n; i++) {
		struct str key = map.data.items[i].key, value = map.data.items[i].value, line;

		if (str_eqz(key, "source"))
			out->source = value;
		else if (str_eqz(key, "checksum"))
			out->checksum = value;
		else if (str_eqz(key, "objects"))
			while (str_next(&value, '\n', &line))
				read_line(out, line);
	}
	if (r < 0)
		manifest_record_free(out);
	return r;
}

void manifest_record_free(struct manifest_record *r)
{
	arena_free(&r->arena);
	free(r->items);
	*r = (struct manifest_record){ 0 };
}

static struct str group_of(struct str api_version)
{
	size_t slash = str_find(api_version, '/');

	return slash < api_version.n ? str_of(api_version.p, slash) : STR("");
}

static struct str namespace_of(const struct manifest *m)
{
	return m->ns.n ? m->ns : STR("default");
}

bool manifest_same(const struct manifest *a, const struct manifest *b)
{
	return str_eq(a->name, b->name) && str_eq(namespace_of(a), namespace_of(b)) &&
	       str_eq(a->kind, b->kind) &&
	       str_eq(group_of(a->api_version), group_of(b->api_version));
}

bool manifest_record_has(const struct manifest_record *r, const struct manifest *m)
{
	for (size_t i = 0; i < r->n; i++)
		if (manifest_same(&r->items[i], m))
			return true;
	return false;
}

void manifest_record_add(struct manifest_record *r, const struct manifest *m)
{
	struct arena *a = &r->arena;

	if (manifest_record_has(r, m))
		return;
	r->items = mem_array_grow(r->items, &r->cap, r->n + 1, sizeof(*m));
	r->items[r->n++] = (struct manifest){ .api_version = arena_str(a, m->api_version),
					      .kind = arena_str(a, m->kind),
					      .ns = arena_str(a, m->ns),
					      .name = arena_str(a, m->name) };
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

void manifest_record_name(struct str source, struct buf *out)
{
	char hash[2 * SHA256_SIZE + 1];

	sha256_hex(source.p, source.n, hash);
	buf_puts(out, "manifest-");
	for (size_t i = 0; i < source.n && i < NAME_PART_MAX; i++) {
		char c = source.p[i] >= 'A' && source.p[i] <= 'Z' ? (char)(source.p[i] | 0x20)
								  : source.p[i];

		buf_putc(out, is_plain(c) ? c : '-');
	}
	buf_printf(out, "-%.8s", hash);
}

static void objects_text(const struct manifest_record *r, struct buf *out)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct manifest *m = &r->items[i];

		buf_printf(out, "%.*s %.*s %.*s%s%.*s\n", STR_ARG(m->api_version), STR_ARG(m->kind),
			   STR_ARG(m->ns), m->ns.n ? "/" : "", STR_ARG(m->name));
	}
}

void manifest_record_json(const struct manifest_record *r, struct buf *out)
{
	auto_buf name = { 0 }, objects = { 0 };

	manifest_record_name(r->source, &name);
	objects_text(r, &objects);
	buf_printf(out,
		   "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"%s\","
		   "\"namespace\":\"" MANIFEST_RECORD_NS "\",\"labels\":{\"" MANIFEST_RECORD_LABEL
		   "\":\"\"}},\"data\":{\"source\":",
		   name.p);
	buf_json_string(out, r->source);
	buf_printf(out, ",\"checksum\":\"%.*s\",\"objects\":", STR_ARG(r->checksum));
	buf_json_string(out, buf_view(&objects));
	buf_puts(out, "}}");
}
