/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/server/dns/dns_fixture.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "base/mem.h"
#include "generated/api_tables.h"

size_t dns_question(const char *name, enum dns_type type, uint16_t udp_size, uint8_t out[512])
{
	size_t n = DNS_HEADER;
	struct str rest = str_from(name), label;
	memset(out, 0, 512);
	dns_put16(out, 0, 0x1234);
	dns_put16(out, 2, 0x0100);
	dns_put16(out, 4, 1);
	while (*name && str_next(&rest, '.', &label)) {
		out[n++] = (uint8_t)label.n;
		memcpy(out + n, label.p, label.n);
		n += label.n;
	}
	n++;
	dns_put16(out, n, type);
	dns_put16(out, n + 2, 1);
	n += 4;
	if (udp_size) {
		dns_put16(out, 10, 1);
		dns_put16(out, n + 1, DNS_OPT);
		dns_put16(out, n + 3, udp_size);
		n += 11;
	}
	return n;
}

static void record_text(const uint8_t *p, size_t n, const struct dns_record *r, struct buf *out)
{
	char text[DNS_NAME_MAX + 1];
	if (r->type == DNS_A || r->type == DNS_AAAA) {
		inet_ntop(r->type == DNS_A ? AF_INET : AF_INET6, p + r->data, text, sizeof(text));
		buf_printf(out, " %s", text);
	} else if (r->type == DNS_SRV) {
		dns_name_text(p, n, r->data + 6, text);
		buf_printf(out, " %s:%u", text, dns_get16(p, r->data + 4));
	} else if (r->type == DNS_TXT) {
		buf_printf(out, " \"%.*s\"", p[r->data], p + r->data + 1);
	} else if (r->type == DNS_SOA) {
		dns_name_text(p, n, r->owner, text);
		buf_printf(out, " soa(%s)", text);
	} else {
		dns_name_text(p, n, r->data, text);
		buf_printf(out, " %s", text);
	}
}

void dns_text(const void *answer, size_t n, struct buf *out)
{
	static const char *const codes[] = { "NOERROR",  "FORMERR", "SERVFAIL",
					     "NXDOMAIN", "NOTIMP",  "REFUSED" };
	struct dns_walk w;
	struct dns_record r;
	bool additional = false;
	buf_puts(out, codes[dns_get16(answer, 2) & 15]);
	if (dns_get16(answer, 2) & 0x0200)
		buf_puts(out, " cut");
	if (!dns_walk_begin(&w, answer, n))
		abort();
	while (dns_walk_next(&w, &r)) {
		if (r.type == DNS_OPT)
			continue;
		if (r.section == DNS_ADDITIONAL && !additional)
			buf_puts(out, " +");
		additional = r.section == DNS_ADDITIONAL;
		record_text(answer, n, &r, out);
	}
}

static struct object *make(const struct api_resource *res, const char *ns, const char *name,
			   const char *json)
{
	auto_buf key = { 0 };
	auto_err err = { 0 };
	struct object *o;
	object_key(res, str_from(ns), str_from(name), &key);
	if (object_new(res, buf_view(&key), str_from(json), &o, &err) < 0)
		abort();
	object_seal(o, 1);
	return o;
}

struct object *dns_service(const char *ns, const char *name, const char *spec)
{
	auto_free char *json = str_printf(
		"{\"kind\":\"Service\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"%s\","
		"\"namespace\":\"%s\",\"uid\":\"u\"},\"spec\":{%s}}",
		name, ns, spec);
	return make(API_CORE_V1_SERVICES, ns, name, json);
}

struct object *dns_slice(const char *ns, const char *name, const char *service, const char *rest)
{
	auto_free char *json = str_printf(
		"{\"kind\":\"EndpointSlice\",\"apiVersion\":\"discovery.k8s.io/v1\",\"metadata\":{"
		"\"name\":\"%s\",\"namespace\":\"%s\",\"uid\":\"u\",\"labels\":{\"kubernetes.io/"
		"service-name\":\"%s\"}},%s}",
		name, ns, service, rest);
	return make(API_DISCOVERY_V1_ENDPOINTSLICES, ns, name, json);
}

struct object *dns_namespace(const char *name)
{
	auto_free char *json = str_printf("{\"kind\":\"Namespace\",\"apiVersion\":\"v1\","
					  "\"metadata\":{\"name\":\"%s\",\"uid\":\"u\"}}",
					  name);
	return make(API_CORE_V1_NAMESPACES, "", name, json);
}
