/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/pod/fields.h"

#include "agent/kubelet/pod/qos.h"
#include "api/values/quantity.h"
#include "base/buf.h"

static struct str first(const char *const *list)
{
	return str_from(list ? list[0] : NULL);
}

static struct str joined(const char *const *list, struct arena *a)
{
	auto_buf b = { 0 };
	for (; list && *list; list++)
		buf_printf(&b, "%s%s", b.n ? "," : "", *list);
	return arena_str(a, buf_view(&b));
}

static struct str of_map(const struct api_str_map *m, struct str key)
{
	for (size_t i = 0; i < m->n; i++)
		if (str_eq(m->items[i].key, key))
			return m->items[i].value;
	return STR("");
}

/* key="value" lines, as strconv.Quote writes values */
static struct str of_whole_map(const struct api_str_map *m, struct arena *a)
{
	auto_buf b = { 0 };
	for (size_t i = 0; i < m->n; i++) {
		buf_printf(&b, "%s%.*s=", i ? "\n" : "", STR_ARG(m->items[i].key));
		buf_json_string(&b, m->items[i].value);
	}
	return arena_str(a, buf_view(&b));
}

/* metadata.labels['x'] → x */
static bool subscript(struct str path, struct str prefix, struct str *key)
{
	if (!str_cut_prefix(&path, prefix) || path.n < 4 || !str_starts(path, STR("['")) ||
	    !str_ends(path, STR("']")))
		return false;
	*key = str_of(path.p + 2, path.n - 4);
	return true;
}

int field_value(const struct field_view *v, struct str path, struct arena *a, struct str *out,
		struct err *err)
{
	const struct meta_v1_object_meta *m = &v->pod->metadata;
	struct str key;
	const struct {
		const char *path;
		struct str value;
	} simple[] = {
		{ "metadata.name", m->name },
		{ "metadata.namespace", m->namespace },
		{ "metadata.uid", m->uid },
		{ "spec.nodeName", v->pod->spec.node_name },
		{ "spec.serviceAccountName", v->pod->spec.service_account_name },
		{ "status.hostIP", first(v->host_ips) },
		{ "status.podIP", first(v->pod_ips) },
	};
	for (size_t i = 0; i < COUNT_OF(simple); i++)
		if (str_eqz(path, simple[i].path)) {
			*out = simple[i].value.p ? simple[i].value : STR("");
			return 0;
		}
	if (str_eqz(path, "status.hostIPs"))
		*out = joined(v->host_ips, a);
	else if (str_eqz(path, "status.podIPs"))
		*out = joined(v->pod_ips, a);
	else if (str_eqz(path, "metadata.labels"))
		*out = of_whole_map(&m->labels, a);
	else if (str_eqz(path, "metadata.annotations"))
		*out = of_whole_map(&m->annotations, a);
	else if (subscript(path, STR("metadata.labels"), &key))
		*out = of_map(&m->labels, key);
	else if (subscript(path, STR("metadata.annotations"), &key))
		*out = of_map(&m->annotations, key);
	else
		return err_set(err, ERR_INVALID, "unsupported fieldPath: %.*s", STR_ARG(path));
	return 0;
}

const struct core_v1_container *field_container(const struct core_v1_pod *pod, struct str name)
{
	for (size_t i = 0; i < pod->spec.containers.n; i++)
		if (str_eq(pod->spec.containers.items[i].name, name))
			return &pod->spec.containers.items[i];
	for (size_t i = 0; i < pod->spec.init_containers.n; i++)
		if (str_eq(pod->spec.init_containers.items[i].name, name))
			return &pod->spec.init_containers.items[i];
	return NULL;
}

int field_resource(const struct field_view *v, const struct core_v1_container *c,
		   const struct core_v1_resource_field_selector *s, struct arena *a,
		   struct str *out, struct err *err)
{
	struct str kind, name = s->resource;
	struct quantity divisor = quantity_from_i64(1, QUANTITY_DECIMAL_SI);
	if (!str_next(&name, '.', &kind) ||
	    !(str_eqz(kind, "limits") || str_eqz(kind, "requests")) || !name.p)
		return err_set(err, ERR_INVALID, "unsupported container resource : %.*s",
			       STR_ARG(s->resource));
	if (s->divisor.text.n && quantity_parse(s->divisor.text, &divisor, NULL) < 0)
		return err_set(err, ERR_INVALID, "invalid divisor %.*s", STR_ARG(s->divisor.text));
	bool cpu = str_eqz(name, "cpu");
	bool limits = str_eqz(kind, "limits");
	int64_t amount =
		resource_amount(limits ? &c->resources.limits : &c->resources.requests, name.p);
	if (!amount && limits && cpu)
		amount = v->node_cpu_milli;
	else if (!amount && limits && str_eqz(name, "memory"))
		amount = v->node_memory_bytes;
	__int128 nano = (__int128)amount * (cpu ? 1000000 : 1000000000);
	__int128 by = divisor.nano > 0 ? divisor.nano : 1000000000;
	*out = str_from(arena_printf(a, "%lld", (long long)((nano + by - 1) / by)));
	return 0;
}
