/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/kubelet/kubelet_link.h"

#include <stdio.h>

#include "api/object/meta.h"
#include "base/mem.h"
#include "server/apiserver/lookup.h"

#define KUBELET_PORT 10250

void kubelet_links_init(struct kubelet_links *k)
{
	pthread_mutex_init(&k->lock, NULL);
}

static void link_free(void *client)
{
	tls_client_free(client);
}

void kubelet_links_free(struct kubelet_links *k)
{
	map_free(&k->by_node, link_free);
	map_free(&k->retired, link_free);
	pthread_mutex_destroy(&k->lock);
}

void kubelet_links_renewed(struct kubelet_links *k)
{
	size_t i = 0;
	struct map_entry *e;
	pthread_mutex_lock(&k->lock);
	while ((e = map_next(&k->by_node, &i))) {
		char key[32];
		snprintf(key, sizeof(key), "%zu", k->retired.count);
		map_put(&k->retired, str_from(key), e->value);
	}
	map_free(&k->by_node, NULL);
	k->by_node = (struct map){ 0 };
	pthread_mutex_unlock(&k->lock);
}

static int link_of(struct apiserver *s, struct str node, struct tls_client **out, struct err *err)
{
	static const char *const alpn[] = { "http/1.1", NULL };
	struct kubelet_links *k = &s->links;
	int e = 0;
	pthread_mutex_lock(&k->lock);
	*out = map_get(&k->by_node, node);
	if (!*out) {
		auto_free char *name = str_dup(node);
		const struct pki_pair *pair = &s->pki.leaf[LEAF_KUBELET_CLIENT];
		struct tls_client_config c = { .ca_pem = buf_view(&s->pki.ca[CA_SERVER].pem),
					       .cert_pem = buf_view(&pair->cert),
					       .key_pem = buf_view(&pair->key),
					       .server_name = name,
					       .alpn = alpn };
		e = tls_client_new(&c, out, err);
		if (e == 0)
			map_put(&k->by_node, node, *out);
	}
	pthread_mutex_unlock(&k->lock);
	return e;
}

static struct str address_of(const json_t *node)
{
	static const char *const kinds[] = { "InternalIP", "ExternalIP", "Hostname" };
	const json_t *list = tree_get(node, "status", "addresses", NULL);
	for (size_t k = 0; k < COUNT_OF(kinds); k++)
		for (size_t i = 0; i < json_array_size(list); i++)
			if (str_eqz(tree_get_str(json_array_get(list, i), "type", NULL), kinds[k]))
				return tree_get_str(json_array_get(list, i), "address", NULL);
	return (struct str){ 0 };
}

int kubelet_find(struct apiserver *s, struct str node, struct arena *a, struct kubelet_address *out,
		 struct err *err)
{
	struct object *o = lookup_core(s, "nodes", STR(""), node);
	if (!o)
		return err_set(err, ERR_NOT_FOUND, "nodes \"%.*s\" not found", STR_ARG(node));
	json_t *tree = object_tree(o, err);
	object_unref(o);
	struct str host = address_of(tree);
	out->port = (int)tree_int(tree_get(tree, "status", "daemonEndpoints", "kubeletEndpoint",
					   "Port", NULL),
				  KUBELET_PORT);
	if (out->port <= 0)
		out->port = KUBELET_PORT;
	out->host = arena_strdup(a, host);
	json_decref(tree);
	if (host.n == 0)
		return err_set(err, ERR_UNAVAILABLE,
			       "error trying to reach service: node \"%.*s\" has no address",
			       STR_ARG(node));
	return link_of(s, node, &out->tls, err);
}
