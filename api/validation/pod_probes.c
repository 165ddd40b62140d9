/* SPDX-License-Identifier: Apache-2.0 */
/* Probes, lifecycle hooks and their handlers. */
#include "api/object/meta.h"
#include "api/validation/pod_parts.h"
#include "base/mem.h"

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

static void check_exec(struct check *c, const json_t *action, const struct pod_rules *p)
{
	(void)p;
	if (json_array_size(json_object_get(action, "command")) == 0)
		check_required(c, "command", "%s", "");
}

static void check_http_protocol(struct check *c, const json_t *action)
{
	static const char *const protocols[] = { "HTTP1", "HTTP2", NULL };
	const json_t *protocol = json_object_get(action, "protocol");
	if (!protocol)
		return;
	bool two = str_eqz(tree_str(protocol), "HTTP2");
	if (!str_in(tree_str(protocol), protocols))
		check_unsupported(c, "protocol", protocol, protocols);
	else if (two && !str_eqz(field(action, "scheme"), "HTTP"))
		check_invalid(c, "protocol", protocol, "is only supported with HTTP (H2C)");
	else if (two && field(action, "host").n)
		check_invalid_text(c, "host", field(action, "host"),
				   "must be empty when `protocol` is \"HTTP2\"");
}

static void check_http_get(struct check *c, const json_t *action, const struct pod_rules *p)
{
	static const char *const schemes[] = { "HTTP", "HTTPS", NULL };
	size_t i;
	json_t *header;
	(void)p;
	if (field(action, "path").n == 0)
		check_required(c, "path", "%s", "");
	check_port_or_name(c, "port", json_object_get(action, "port"));
	if (!str_in(field(action, "scheme"), schemes))
		check_unsupported(c, "scheme", json_object_get(action, "scheme"), schemes);
	json_array_foreach (json_object_get(action, "httpHeaders"), i, header)
		check_name(c, "httpHeaders", field(header, "name"), name_http_header);
	check_http_protocol(c, action);
}

static void check_tcp(struct check *c, const json_t *action, const struct pod_rules *p)
{
	(void)p;
	check_port_or_name(c, "port", json_object_get(action, "port"));
}

static void check_grpc(struct check *c, const json_t *action, const struct pod_rules *p)
{
	static const char *const modes[] = { "Plaintext", "TLS", NULL };
	(void)p;
	check_port(c, "port", json_object_get(action, "port"));
	check_one_of(c, action, "mode", modes, false);
}

static void check_sleep(struct check *c, const json_t *action, const struct pod_rules *p)
{
	const json_t *seconds = json_object_get(action, "seconds");
	json_int_t s = json_integer_value(seconds);
	if (p->has_grace && (s < 0 || s > p->grace_s))
		check_invalid(
			c, NULL, seconds,
			"must be non-negative and less than terminationGracePeriodSeconds (%lld)",
			(long long)p->grace_s);
}

static const struct {
	const char *name;
	void (*check)(struct check *c, const json_t *action, const struct pod_rules *p);
} handlers[] = {
	{ "exec", check_exec }, { "httpGet", check_http_get }, { "tcpSocket", check_tcp },
	{ "grpc", check_grpc }, { "sleep", check_sleep },
};

static void check_handler(struct check *c, const json_t *handler, const struct pod_rules *p)
{
	size_t n = 0;
	for (size_t i = 0; i < COUNT_OF(handlers); i++) {
		const json_t *action = json_object_get(handler, handlers[i].name);
		if (!action)
			continue;
		if (n++) {
			check_forbidden(c, handlers[i].name,
					"may not specify more than 1 handler type");
			continue;
		}
		size_t was = check_in(c, handlers[i].name);
		handlers[i].check(c, action, p);
		check_out(c, was);
	}
	if (n == 0)
		check_required(c, NULL, "must specify a handler type");
}

static void check_timings(struct check *c, const json_t *probe)
{
	static const char *const fields[] = { "initialDelaySeconds", "timeoutSeconds",
					      "periodSeconds", "successThreshold",
					      "failureThreshold" };
	const json_t *grace = json_object_get(probe, "terminationGracePeriodSeconds");
	for (size_t i = 0; i < COUNT_OF(fields); i++)
		check_non_negative(c, probe, fields[i]);
	if (json_is_integer(grace) && json_integer_value(grace) <= 0)
		check_invalid(c, "terminationGracePeriodSeconds", grace, "must be greater than 0");
}

void check_probe(struct check *c, const json_t *container, const char *kind,
		 const struct pod_rules *p)
{
	const json_t *probe = json_object_get(container, kind);
	const json_t *threshold = json_object_get(probe, "successThreshold");
	const json_t *grace = json_object_get(probe, "terminationGracePeriodSeconds");
	bool readiness = strcmp(kind, "readinessProbe") == 0;
	if (!probe)
		return;
	size_t was = check_in(c, kind);
	check_handler(c, probe, p);
	check_timings(c, probe);
	if (!readiness && threshold && json_integer_value(threshold) != 1)
		check_invalid(c, "successThreshold", threshold, "must be 1");
	if (readiness && grace)
		check_invalid(c, "terminationGracePeriodSeconds", grace,
			      "must not be set for readinessProbes");
	check_out(c, was);
}

void check_lifecycle(struct check *c, const json_t *lifecycle, const struct pod_rules *p)
{
	static const char *const hooks[] = { "postStart", "preStop" };
	size_t was = check_in(c, "lifecycle");
	for (size_t i = 0; i < COUNT_OF(hooks); i++) {
		const json_t *hook = json_object_get(lifecycle, hooks[i]);
		size_t at = check_in(c, hooks[i]);
		if (hook)
			check_handler(c, hook, p);
		check_out(c, at);
	}
	if (json_object_get(lifecycle, "stopSignal") && !json_object_get(p->spec, "os"))
		check_forbidden(c, "stopSignal",
				"may not be set for containers with empty `spec.os.name`");
	check_out(c, was);
}
