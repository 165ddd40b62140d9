/* SPDX-License-Identifier: Apache-2.0 */
#include "api/validation/crd_approval.h"

#include "api/object/meta.h"

#define POLICY "see https://github.com/kubernetes/enhancements/pull/1111"

bool crd_group_protected(struct str group)
{
	return str_eqz(group, "k8s.io") || str_ends(group, STR(".k8s.io")) ||
	       str_eqz(group, "kubernetes.io") || str_ends(group, STR(".kubernetes.io"));
}

static bool is_url(struct str s)
{
	size_t colon = str_find(s, ':');
	struct str rest = s;
	if (colon == 0 || colon == s.n)
		return false;
	rest = str_of(s.p + colon + 1, s.n - colon - 1);
	return str_cut_prefix(&rest, STR("//")) && rest.n && rest.p[0] != '/';
}

enum crd_approval crd_approval_of(const json_t *crd, struct buf *why)
{
	struct str value = meta_annotation(crd, CRD_APPROVAL_ANNOTATION);
	if (value.n == 0) {
		buf_printf(why, "protected groups must have approval annotation \"%s\", %s",
			   CRD_APPROVAL_ANNOTATION, POLICY);
		return CRD_APPROVAL_MISSING;
	}
	if (str_starts(value, STR("unapproved"))) {
		buf_puts(why, "not approved: ");
		buf_json_string(why, value);
		return CRD_APPROVAL_BYPASSED;
	}
	if (is_url(value)) {
		buf_printf(why, "approved in %.*s", STR_ARG(value));
		return CRD_APPROVED;
	}
	buf_printf(why,
		   "protected groups must have approval annotation \"%s\" with either a URL or a "
		   "reason starting "
		   "with \"unapproved\", %s",
		   CRD_APPROVAL_ANNOTATION, POLICY);
	return CRD_APPROVAL_INVALID;
}
