/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/volumes/trust_bundles.h"

#include <stdlib.h>

#include "api/decode.h"
#include "api/validation/pem.h"
#include "base/mem.h"
#include "client/informer.h"
#include "client/selectors.h"
#include "generated/api_tables.h"

struct trust_bundles {
	struct client *client;
	struct informer *all; /* NULL: nobody asked yet */
	void (*on_change)(void *ctx);
	void *ctx;
};

struct trust_bundles *trust_bundles_new(struct client *c, void (*on_change)(void *ctx), void *ctx)
{
	struct trust_bundles *t = NEW(struct trust_bundles);
	t->client = c;
	t->on_change = on_change;
	t->ctx = ctx;
	return t;
}

void trust_bundles_free(struct trust_bundles *t)
{
	if (!t)
		return;
	if (t->all)
		informer_free(t->all);
	free(t);
}

/* --- anchors --- */

struct anchors {
	struct buf *items; /* DER */
	size_t n, cap;
};

static int anchor_cmp(const void *a, const void *b)
{
	return str_cmp(buf_view(a), buf_view(b));
}

static void collect(struct anchors *all, struct str text)
{
	struct pem_block block;
	while (pem_next(&text, &block)) {
		all->items = mem_array_grow(all->items, &all->cap, all->n + 1, sizeof(*all->items));
		all->items[all->n++] = block.der;
	}
}

struct str trust_anchors_join(const struct str *texts, size_t n, struct arena *a)
{
	struct anchors all = { 0 };
	auto_buf out = { 0 };
	for (size_t i = 0; i < n; i++)
		collect(&all, texts[i]);
	if (all.n)
		qsort(all.items, all.n, sizeof(*all.items), anchor_cmp);
	for (size_t i = 0; i < all.n; i++)
		if (i == 0 || anchor_cmp(&all.items[i - 1], &all.items[i]) != 0)
			pem_write(&out, "CERTIFICATE", buf_view(&all.items[i]));
	for (size_t i = 0; i < all.n; i++)
		buf_free(&all.items[i]);
	free(all.items);
	return out.n ? arena_str(a, buf_view(&out)) : STR("");
}

/* --- which bundles --- */

static void on_bundle(void *ctx, const struct object *old, const struct object *new)
{
	struct trust_bundles *t = ctx;
	(void)old;
	(void)new;
	if (informer_synced(t->all))
		t->on_change(t->ctx);
}

static void on_synced(void *ctx)
{
	struct trust_bundles *t = ctx;
	t->on_change(t->ctx);
}

struct choice {
	const struct core_v1_cluster_trust_bundle_projection *p;
	struct arena *a;
	struct str *texts;
	size_t n, cap;
};

static bool choose(void *ctx, const struct object *o)
{
	struct choice *c = ctx;
	struct certificates_v1_cluster_trust_bundle b = { 0 };
	bool named = c->p->name.n && str_eq(o->name, c->p->name);
	bool may = named || (!c->p->name.n && label_selector_matches(c->p->label_selector, o));
	if (!may ||
	    object_decode(o, c->a, api_struct_certificates_v1_cluster_trust_bundle, &b, NULL) < 0 ||
	    (!named && !str_eq(b.spec.signer_name, c->p->signer_name)))
		return true;
	c->texts = mem_array_grow(c->texts, &c->cap, c->n + 1, sizeof(*c->texts));
	c->texts[c->n++] = b.spec.trust_bundle;
	return true;
}

static int nothing_fits(const struct core_v1_cluster_trust_bundle_projection *p, struct err *err)
{
	if (p->optional && *p->optional)
		return 0;
	if (p->name.n)
		return err_set(err, ERR_NOT_FOUND,
			       "while getting ClusterTrustBundle: "
			       "clustertrustbundle.certificates.k8s.io \"%.*s\" not found",
			       STR_ARG(p->name));
	return err_set(err, ERR_NOT_FOUND,
		       "combination of signerName and labelSelector matched zero "
		       "ClusterTrustBundles");
}

int trust_bundles_get(struct trust_bundles *t,
		      const struct core_v1_cluster_trust_bundle_projection *p, struct arena *a,
		      struct str *out, struct err *err)
{
	struct choice c = { .p = p, .a = a };
	if (!t->all) {
		t->all = informer_new(t->client, API_CERTIFICATES_V1_CLUSTERTRUSTBUNDLES,
				      (struct str){ 0 }, (struct str){ 0 }, (struct str){ 0 });
		informer_hook_add(t->all, on_bundle, on_synced, t);
		informer_start(t->all);
	}
	if (!informer_synced(t->all))
		return err_set(err, ERR_UNAVAILABLE,
			       "ClusterTrustBundle informer has not yet synced");
	if (!p->name.n && !p->signer_name.n)
		return err_set(err, ERR_INVALID,
			       "ClusterTrustBundle projection requires either name or signerName "
			       "to be set");
	informer_each(t->all, (struct str){ 0 }, choose, &c);
	int r = c.n ? 0 : nothing_fits(p, err);
	if (r == 0)
		*out = trust_anchors_join(c.texts, c.n, a);
	free(c.texts);
	return r;
}
