/* SPDX-License-Identifier: Apache-2.0 */
/* What names may look like: each check gives upstream's messages (apimachinery's util/validation and pkg/api/validate/content), none when the
 * text is fine. Messages are static text. Any thread; no allocation. */
#ifndef API_VALUES_NAMES_H
#define API_VALUES_NAMES_H

#include "base/str.h"

struct name_errors {
	const char *text[6];
	size_t n;
};
typedef struct name_errors (*name_check)(struct str text);

struct name_errors name_dns_label(struct str text); /* RFC 1123 label, 63 */
struct name_errors
name_long(struct str text); /* a subdomain, as rules that upstream generates say it */
struct name_errors name_dns_subdomain(struct str text); /* RFC 1123 subdomain, 253 */
struct name_errors name_search_domain(struct str text); /* the same with underscores */
struct name_errors name_dns1035_label(struct str text);
struct name_errors name_wildcard_subdomain(struct str text); /* *.example.com */
struct name_errors name_label_key(struct str text);          /* qualified name: [prefix/]name */
struct name_errors name_label_value(struct str text);
struct name_errors name_annotation_key(struct str text); /* a label key, but case doesn't matter */
struct name_errors name_config_key(struct str text);     /* of a ConfigMap or Secret */
struct name_errors name_port(struct str text);           /* IANA service name, 15 */
struct name_errors name_env(struct str text);            /* printable ASCII without '=' */
struct name_errors name_c_identifier(struct str text);
struct name_errors name_http_header(struct str text);
struct name_errors
name_path_segment(struct str text); /* names of RBAC objects: no "/", "%", ".", ".." */
struct name_errors name_percent(struct str text);
struct name_errors name_file(struct str text); /* not ".", "..", "..x" */

static inline bool name_ok(struct name_errors e)
{
	return e.n == 0;
}

#endif
