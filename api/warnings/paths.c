/* SPDX-License-Identifier: Apache-2.0 */
/* Files of one volume that stand in each other's way: the same path twice, or one below another. */
#include "api/object/meta.h"
#include "api/warnings/warnings.h"
#include "base/mem.h"

struct place {
	struct str path;
	char source[80]; /* "" when the volume has only one */
};
struct places {
	struct place *items;
	size_t n;
};

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

static void place_text(const struct place *p, struct buf *out)
{
	buf_json_string(out, p->path);
	if (p->source[0])
		buf_printf(out, " (%s)", p->source);
}

static bool below(struct str a, struct str b)
{
	return a.n >= b.n && memcmp(a.p, b.p, b.n) == 0 && (a.n == b.n || a.p[b.n] == '/');
}

static void add(struct warnings *w, struct places *all, struct place p, struct str volume,
		const char *kind)
{
	while (p.path.n && p.path.p[p.path.n - 1] == '/')
		p.path.n--;
	for (size_t i = 0; i < all->n && p.path.n && !w->enough; i++) {
		const struct place *other = &all->items[i];
		auto_buf text = { 0 };
		if (other->path.n == 0 ||
		    (!below(p.path, other->path) && !below(other->path, p.path)))
			continue;
		place_text(&p, &text);
		buf_puts(&text, " with ");
		place_text(other, &text);
		warn(w, "volume \"%.*s\" (%s): overlapping paths: %s", STR_ARG(volume), kind,
		     text.p);
	}
	if (all->n == WARN_PAIRED_MAX)
		return;
	if ((all->n & (all->n - 1)) == 0)
		all->items =
			mem_realloc(all->items, (all->n ? 2 * all->n : 1) * sizeof(*all->items));
	all->items[all->n++] = p;
}

static void add_items(struct warnings *w, struct places *all, const json_t *items,
		      const char *source, struct str volume, const char *kind)
{
	size_t i;
	json_t *item;
	json_array_foreach (items, i, item) {
		struct place p = { .path = field(item, "path") };
		snprintf(p.source, sizeof(p.source), "%s", source);
		add(w, all, p, volume, kind);
	}
}

static void warn_items(struct warnings *w, const json_t *volume, const char *field_name,
		       const char *kind, const char *name)
{
	const json_t *source = json_object_get(volume, field_name);
	struct places all = { 0 };
	auto_buf shown = { 0 };
	buf_puts(&shown, kind);
	if (name)
		buf_printf(&shown, " \"%.*s\"", STR_ARG(field(source, name)));
	add_items(w, &all, json_object_get(source, "items"), "", field(volume, "name"), shown.p);
	free(all.items);
}

static void add_one(struct warnings *w, struct places *all, struct str path, struct str volume,
		    const char *fmt, ...) __attribute__((format(printf, 5, 6)));
static void add_one(struct warnings *w, struct places *all, struct str path, struct str volume,
		    const char *fmt, ...)
{
	struct place p = { .path = path };
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(p.source, sizeof(p.source), fmt, ap);
	va_end(ap);
	add(w, all, p, volume, "Projected");
}

static void add_certificate(struct warnings *w, struct places *all, const json_t *source,
			    struct str volume)
{
	static const char *const files[][2] = {
		{ "certificateChainPath", "PodCertificate chain" },
		{ "keyPath", "PodCertificate key" },
		{ "credentialBundlePath", "PodCertificate credential bundle" },
	};
	for (size_t i = 0; i < COUNT_OF(files); i++)
		if (field(source, files[i][0]).n)
			add_one(w, all, field(source, files[i][0]), volume, "%s", files[i][1]);
}

static void add_source(struct warnings *w, struct places *all, const json_t *item,
		       struct str volume)
{
	const json_t *source;
	char shown[80];
	if ((source = json_object_get(item, "configMap")) && json_object_get(source, "items")) {
		snprintf(shown, sizeof(shown), "ConfigMap \"%.*s\"",
			 STR_ARG(field(source, "name")));
		add_items(w, all, json_object_get(source, "items"), shown, volume, "Projected");
	} else if ((source = json_object_get(item, "secret")) && json_object_get(source, "items")) {
		snprintf(shown, sizeof(shown), "Secret \"%.*s\"", STR_ARG(field(source, "name")));
		add_items(w, all, json_object_get(source, "items"), shown, volume, "Projected");
	} else if ((source = json_object_get(item, "downwardAPI")) &&
		   json_object_get(source, "items")) {
		add_items(w, all, json_object_get(source, "items"), "DownwardAPI", volume,
			  "Projected");
	} else if ((source = json_object_get(item, "serviceAccountToken"))) {
		add_one(w, all, field(source, "path"), volume, "ServiceAccountToken");
	} else if ((source = json_object_get(item, "clusterTrustBundle"))) {
		struct str name = field(source, "name");
		add_one(w, all, field(source, "path"), volume, "ClusterTrustBundle \"%.*s\"",
			STR_ARG(name.p ? name : field(source, "signerName")));
	} else if ((source = json_object_get(item, "podCertificate"))) {
		add_certificate(w, all, source, volume);
	}
}

static void warn_projected(struct warnings *w, const json_t *volume)
{
	struct places all = { 0 };
	size_t i;
	json_t *item;
	json_array_foreach (tree_get(volume, "projected", "sources", NULL), i, item)
		if (json_object_size(item) == 0)
			warn(w, "volume \"%.*s\" (Projected) has no sources provided",
			     STR_ARG(field(volume, "name")));
		else
			add_source(w, &all, item, field(volume, "name"));
	free(all.items);
}

void warn_pod_paths(struct warnings *w, const json_t *volumes)
{
	size_t i;
	json_t *volume;
	json_array_foreach (volumes, i, volume) {
		warn_items(w, volume, "configMap", "ConfigMap", "name");
		warn_items(w, volume, "secret", "Secret", "secretName");
		warn_items(w, volume, "downwardAPI", "DownwardAPI", NULL);
		warn_projected(w, volume);
	}
}
