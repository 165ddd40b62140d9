/* SPDX-License-Identifier: Apache-2.0 */
#include "api/table/table.h"

#include "api/codec.h"
#include "api/crd/crd.h"
#include "api/object/meta.h"
#include "api/registry.h"
#include "api/table/printer.h"
#include "base/mem.h"

bool table_include_from_text(struct str text, enum table_include *out)
{
	static const struct {
		const char *text;
		enum table_include include;
	} words[] = { { "", TABLE_METADATA },
		      { "Metadata", TABLE_METADATA },
		      { "None", TABLE_NONE },
		      { "Object", TABLE_OBJECT } };
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (str_eqz(text, words[i].text)) {
			*out = words[i].include;
			return true;
		}
	return false;
}

static void write_list_meta(const struct list_meta *m, struct buf *out)
{
	const char *gap = "";
	buf_puts(out, "\"metadata\":{");
	if (m && m->revision) {
		buf_printf(out, "\"resourceVersion\":\"%lld\"", (long long)m->revision);
		gap = ",";
	}
	if (m && m->continue_token.n) {
		buf_printf(out, "%s\"continue\":", gap);
		buf_json_string(out, m->continue_token);
		gap = ",";
	}
	if (m && m->continue_token.n && m->remaining >= 0)
		buf_printf(out, "%s\"remainingItemCount\":%lld", gap, (long long)m->remaining);
	buf_putc(out, '}');
}

static void write_column(const struct api_column *c, struct buf *out)
{
	static const struct {
		const char *field;
		size_t at;
	} texts[] = { { "{\"name\":", offsetof(struct api_column, name) },
		      { ",\"type\":", offsetof(struct api_column, type) },
		      { ",\"format\":", offsetof(struct api_column, format) },
		      { ",\"description\":", offsetof(struct api_column, doc) } };
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		buf_puts(out, texts[i].field);
		buf_json_string(out,
				str_from(*(const char *const *)((const char *)c + texts[i].at)));
	}
	buf_printf(out, ",\"priority\":%d}", c->priority);
}

void table_write_head(const struct api_resource *r, const struct list_meta *m,
		      const struct table_options *o, struct buf *out)
{
	buf_printf(out, "{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/%s\",", o->version);
	write_list_meta(m, out);
	buf_puts(out, ",\"columnDefinitions\":");
	if (o->no_headers) {
		buf_puts(out, "null");
	} else {
		for (size_t i = 0; i < r->ncolumns; i++) {
			buf_putc(out, i ? ',' : '[');
			write_column(&r->columns[i], out);
		}
		buf_puts(out, r->ncolumns ? "]" : "[]");
	}
	buf_puts(out, ",\"rows\":[");
}

void table_write_tail(struct buf *out)
{
	buf_puts(out, "]}");
}

/* The annotation that holds a DaemonSet's count of templates belongs to the version, not to the object: metadata alone hasn't got it. */
static bool write_metadata_alone(const struct object *obj, struct buf *out)
{
	static const char count[] = "deprecated.daemonset.template.generation";
	if (strcmp(obj->resource->plural, "daemonsets") || strcmp(obj->resource->group, "apps"))
		return false;
	json_t *tree = object_tree(obj, NULL), *notes = meta_annotations(tree);
	json_object_del(notes, count);
	if (notes && json_object_size(notes) == 0)
		meta_unset(tree, "annotations");
	bool done = tree && api_json_write(api_type_find(STR("meta/v1.ObjectMeta")), meta_of(tree),
					   false, out, NULL) == 0;
	json_decref(tree);
	return done;
}

static void write_partial(const struct object *obj, const char *version, struct buf *out)
{
	buf_puts(out, "{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/");
	buf_puts(out, version);
	buf_puts(out, "\",\"metadata\":");
	if (!write_metadata_alone(obj, out))
		buf_str(out, object_metadata(obj));
	buf_putc(out, '}');
}

/* An object of another version than the one that is stored. */
static void write_converted(const struct api_resource *r, const struct object *obj,
			    const struct table_options *o, struct buf *out)
{
	json_t *tree = object_tree(obj, NULL);
	if (!tree) {
		buf_puts(out, "null");
		return;
	}
	if (r->crd)
		crd_convert(r, tree);
	else
		o->convert(obj->resource, r, tree);
	api_json_write(r->type, tree, false, out, NULL);
	json_decref(tree);
}

static bool is_converted(const struct api_resource *r, const struct object *obj,
			 const struct table_options *o)
{
	const struct api_resource *stored = obj->resource;
	bool differs = strcmp(r->version, stored->version) || strcmp(r->group, stored->group);
	return differs && (r->crd || o->convert);
}

static void write_object(const struct api_resource *r, const struct object *obj,
			 const struct table_options *o, struct buf *out)
{
	buf_puts(out, ",\"object\":");
	switch (o->include) {
	case TABLE_NONE: buf_puts(out, "null"); break;
	case TABLE_OBJECT:
		if (is_converted(r, obj, o))
			write_converted(r, obj, o, out);
		else
			buf_str(out, str_trim(obj->json));
		break;
	case TABLE_METADATA: write_partial(obj, o->version, out); break;
	}
}

/* A pod that has ended says so in its row: kubectl hides or marks it. */
static void write_conditions(const struct api_resource *r, struct at root, struct buf *out)
{
	struct at phase = at_path(root, "status.phase");
	bool failed = at_eq(phase, "Failed");
	if (strcmp(r->plural, "pods") != 0 || *r->group || (!failed && !at_eq(phase, "Succeeded")))
		return;
	buf_printf(out,
		   ",\"conditions\":[{\"type\":\"Completed\",\"status\":\"True\",\"reason\":\"%s\","
		   "\"message\":\"%s\"}]",
		   failed ? "Failed" : "Succeeded",
		   failed ? "The pod failed." : "The pod has completed successfully.");
}

struct table { /* what rows share */
	struct view view;
	struct cell cell;
};

static void write_row(struct table *t, const struct api_resource *r, const struct object *obj,
		      const struct table_options *o, struct buf *out)
{
	t->cell.now_s = o->now_s;
	t->cell.custom = r->type && !r->type->gv;
	t->cell.root =
		view_load(&t->view, obj->json, NULL) == 0 ? view_root(&t->view) : (struct at){ 0 };
	buf_puts(out, "{\"cells\":[");
	for (size_t i = 0; i < r->ncolumns; i++) {
		if (i)
			buf_putc(out, ',');
		t->cell.column = &r->columns[i];
		cell_print(&t->cell, out);
	}
	buf_putc(out, ']');
	write_conditions(r, t->cell.root, out);
	write_object(r, obj, o, out);
	buf_putc(out, '}');
}

static void table_close(struct table *t)
{
	view_free(&t->view);
	buf_free(&t->cell.text);
}

void table_write_row(const struct object *obj, const struct table_options *o, bool first,
		     struct buf *out)
{
	struct table t = { 0 };
	if (!first)
		buf_putc(out, ',');
	write_row(&t, obj->resource, obj, o, out);
	table_close(&t);
}

/* A name and a time, what every kind without columns of its own shows. */
static bool has_usual_columns(const struct api_resource *r)
{
	return !r->crd && r->ncolumns == 2 && !strcmp(r->columns[1].name, "Created At");
}

void table_write(const struct api_resource *r, const struct object *const *objects, size_t n,
		 const struct list_meta *m, const struct table_options *o, struct buf *out)
{
	struct table t = { 0 };
	table_write_head(r, m, o, out);
	if (n == 0 && has_usual_columns(r)) { /* upstream makes no list of none */
		out->n--;
		buf_puts(out, "null}");
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_putc(out, ',');
		write_row(&t, r, objects[i], o, out);
	}
	table_write_tail(out);
	table_close(&t);
}

void partial_write(const struct object *obj, const char *version, struct buf *out)
{
	write_partial(obj, version, out);
}

void partial_list_write(const struct object *const *objects, size_t n, const char *version,
			const struct list_meta *m, struct buf *out)
{
	buf_printf(out,
		   "{\"kind\":\"PartialObjectMetadataList\",\"apiVersion\":\"meta.k8s.io/%s\",",
		   version);
	write_list_meta(m, out);
	buf_puts(out, n ? ",\"items\":[" : ",\"items\":null"); /* as upstream makes it */
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_putc(out, ',');
		partial_write(objects[i], version, out);
	}
	buf_puts(out, n ? "]}" : "}");
}
