/* SPDX-License-Identifier: Apache-2.0 */
/* Endpoints, ingresses and network policies: addresses that can be read in two ways, fields that gave way to others. */
#include "api/object/meta.h"
#include "api/warnings/kinds.h"
#include "base/mem.h"

static void warn_addresses(struct warnings *w, const json_t *list, const char *name)
{
	size_t was = check_in(&w->at, name), i;
	json_t *item;
	json_array_foreach (list, i, item) {
		size_t at = check_in_index(&w->at, i);
		if (json_is_string(item))
			warn_ip(w, NULL, tree_str(item));
		else
			warn_ip(w, "ip", tree_get_str(item, "ip", NULL));
		check_out(&w->at, at);
	}
	check_out(&w->at, was);
}

void warn_of_endpoints(struct warnings *w, const json_t *new, const json_t *old)
{
	(void)old;
	size_t was = check_in(&w->at, "subsets"), i;
	json_t *subset;
	json_array_foreach (json_object_get(new, "subsets"), i, subset) {
		size_t at = check_in_index(&w->at, i);
		warn_addresses(w, json_object_get(subset, "addresses"), "addresses");
		warn_addresses(w, json_object_get(subset, "notReadyAddresses"),
			       "notReadyAddresses");
		check_out(&w->at, at);
	}
	check_out(&w->at, was);
}

void warn_of_endpoint_slice(struct warnings *w, const json_t *new, const json_t *old)
{
	size_t was, i;
	json_t *endpoint;
	if (!old && str_eqz(tree_get_str(new, "addressType", NULL), "FQDN"))
		warn(w, "spec.addressType: FQDN endpoints are deprecated");
	was = check_in(&w->at, "endpoints");
	json_array_foreach (json_object_get(new, "endpoints"), i, endpoint) {
		size_t at = check_in_index(&w->at, i);
		warn_addresses(w, json_object_get(endpoint, "addresses"), "addresses");
		check_out(&w->at, at);
	}
	check_out(&w->at, was);
}

void warn_of_ingress(struct warnings *w, const json_t *new, const json_t *old)
{
	if (!old && warn_annotated(new, "kubernetes.io/ingress.class") &&
	    !tree_get(new, "spec", "ingressClassName", NULL))
		warn(w, "annotation \"kubernetes.io/ingress.class\" is deprecated, please use "
			"'spec.ingressClassName' instead");
}

static void warn_ip_block(struct warnings *w, const json_t *peer)
{
	const json_t *block = json_object_get(peer, "ipBlock");
	size_t was = check_in(&w->at, "ipBlock"), list, i;
	json_t *except;
	if (block)
		warn_cidr(w, "cidr", tree_get_str(block, "cidr", NULL));
	list = check_in(&w->at, "except");
	json_array_foreach (json_object_get(block, "except"), i, except) {
		size_t at = check_in_index(&w->at, i);
		warn_cidr(w, NULL, tree_str(except));
		check_out(&w->at, at);
	}
	check_out(&w->at, list);
	check_out(&w->at, was);
}

void warn_of_network_policy(struct warnings *w, const json_t *new, const json_t *old)
{
	static const char *const ways[][2] = { { "ingress", "from" }, { "egress", "to" } };
	(void)old;
	for (size_t k = 0; k < COUNT_OF(ways); k++) {
		size_t was = check_in(&w->at, "spec"), i, j;
		json_t *rule, *peer;
		check_in(&w->at, ways[k][0]);
		json_array_foreach (tree_get(new, "spec", ways[k][0], NULL), i, rule) {
			size_t at = check_in_index(&w->at, i), list = check_in(&w->at, ways[k][1]);
			json_array_foreach (json_object_get(rule, ways[k][1]), j, peer) {
				size_t one = check_in_index(&w->at, j);
				warn_ip_block(w, peer);
				check_out(&w->at, one);
			}
			check_out(&w->at, list);
			check_out(&w->at, at);
		}
		check_out(&w->at, was);
	}
}
