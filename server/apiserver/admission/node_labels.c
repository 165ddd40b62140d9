/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/admission/node_labels.h"

#include "base/mem.h"

static struct str domain_of(struct str key)
{
	size_t slash = str_find(key, '/');
	return slash < key.n ? str_of(key.p, slash) : STR("");
}

static bool is_in(struct str domain, const char *of)
{
	struct str end = str_from(of);
	if (str_eq(domain, end))
		return true;
	return domain.n > end.n && str_ends(domain, end) && domain.p[domain.n - end.n - 1] == '.';
}

static bool is_kubelets(struct str key)
{
	static const char *const known[] = {
		"kubernetes.io/hostname",
		"topology.kubernetes.io/zone",
		"topology.kubernetes.io/region",
		"failure-domain.beta.kubernetes.io/zone",
		"failure-domain.beta.kubernetes.io/region",
		"beta.kubernetes.io/instance-type",
		"node.kubernetes.io/instance-type",
		"kubernetes.io/os",
		"kubernetes.io/arch",
		"beta.kubernetes.io/os",
		"beta.kubernetes.io/arch",
	};
	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (str_eqz(key, known[i]))
			return true;
	return is_in(domain_of(key), "kubelet.kubernetes.io") ||
	       is_in(domain_of(key), "node.kubernetes.io");
}

bool node_label_is_forbidden(struct str key)
{
	struct str domain = domain_of(key);
	if (is_in(domain, "node-restriction.kubernetes.io"))
		return true;
	return (is_in(domain, "kubernetes.io") || is_in(domain, "k8s.io")) && !is_kubelets(key);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct found {
	const char **items;
	size_t n, cap;
};

/* Those of `a` that `b` hasn't, or with another value (once: when both are walked, those are found from `a`). */
static void differences(const json_t *a, const json_t *b, bool absent_only, struct found *out)
{
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)(uintptr_t)a, key, value) {
		const json_t *other = json_object_get(b, key);
		if (other && (absent_only || json_equal(value, other)))
			continue;
		if (!node_label_is_forbidden(str_from(key)))
			continue;
		out->items = mem_array_grow(out->items, &out->cap, out->n + 1, sizeof(*out->items));
		out->items[out->n++] = key;
	}
}

void node_labels_forbidden(const json_t *new, const json_t *old, struct buf *out)
{
	struct found f = { 0 };
	differences(new, old, false, &f);
	differences(old, new, true, &f);
	if (f.n)
		qsort(f.items, f.n, sizeof(*f.items), by_text);
	for (size_t i = 0; i < f.n; i++)
		buf_printf(out, "%s%s", i ? ", " : "", f.items[i]);
	free(f.items);
}
