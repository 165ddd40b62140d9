/* SPDX-License-Identifier: Apache-2.0 */
/* Questions as wire bytes, answers as text: "NOERROR 10.43.0.1 10.43.0.2". */
#ifndef TESTS_UNIT_SERVER_DNS_FIXTURE_H
#define TESTS_UNIT_SERVER_DNS_FIXTURE_H

#include "api/object/object.h"
#include "base/buf.h"
#include "server/dns/answer.h"

size_t dns_question(const char *name, enum dns_type type, uint16_t udp_size, uint8_t out[512]);
/* The answer as text; records in their order, "+": behind it come those of the additional section, "soa": there is none. */
void dns_text(const void *answer, size_t n, struct buf *out);

struct object *dns_service(const char *ns, const char *name, const char *spec);
struct object *dns_slice(const char *ns, const char *name, const char *service, const char *rest);
struct object *dns_namespace(const char *name);

#endif
