/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/admission/admission.h"

#include <stdarg.h>

#include "api/object/meta.h"
#include "server/apiserver/admission/node_restriction.h"

struct plugin {
	const char *name;
	bool create, update, subresources;
	int (*run)(struct write *w, struct err *err);
};

/* In upstream's order. A plug-in that is asked about subresources looks itself at which. */
static const struct plugin changing[] = {
	{ "NamespaceLifecycle", true, true, true, admit_namespace_lifecycle },
	{ "LimitRanger", true, true, true, admit_limit_defaults },
	{ "ServiceAccount", true, false, false, admit_service_account },
	{ "NodeRestriction", true, true, true, admit_node_restriction },
	{ "TaintNodesByCondition", true, false, false, admit_taint_nodes },
	{ "Priority", true, true, false, admit_priority },
	{ "DefaultTolerationSeconds", true, true, false, admit_toleration_seconds },
	{ "DefaultStorageClass", true, false, false, admit_default_storage_class },
	{ "StorageObjectInUseProtection", true, false, false, admit_storage_in_use },
	{ "RuntimeClass", true, false, false, admit_runtime_class },
	{ "DefaultIngressClass", true, false, false, admit_default_ingress_class },
	{ "PodTopologyLabels", true, false, false, admit_pod_topology },
	/* MutatingAdmissionPolicy and MutatingAdmissionWebhook stand here */
};

static const struct plugin judging[] = {
	{ "LimitRanger", true, true, true, admit_limit_ranges },
	{ "ServiceAccount", true, true, true, admit_account_limits },
	/* PodSecurity stands here */
	{ "Priority", true, true, false, admit_priority_class },
	{ "PersistentVolumeClaimResize", false, true, false, admit_claim_resize },
	{ "RuntimeClass", true, false, false, admit_overhead },
	{ "CertificateApproval", false, true, true, admit_certificate_approval },
	{ "CertificateSigning", false, true, true, admit_certificate_signing },
	{ "ClusterTrustBundleAttest", true, true, false, admit_trust_bundle },
	{ "CertificateSubjectRestriction", true, false, false, admit_certificate_subject },
	{ "PodResizeValidator", false, true, true, admit_pod_resize },
	/* ValidatingAdmissionPolicy and ValidatingAdmissionWebhook stand here */
	{ "ResourceQuota", true, true, true, admit_resource_quota },
};

bool admission_is(const struct write *w, const char *plural)
{
	return admission_is_in(w, "", plural, "");
}

bool admission_is_in(const struct write *w, const char *group, const char *plural,
		     const char *subresource)
{
	return !strcmp(w->res->plural, plural) && !strcmp(w->res->group, group) &&
	       !strcmp(w->subresource, subresource);
}

int admission_forbid(struct write *w, struct err *err, const char *fmt, ...)
{
	auto_buf why = { 0 };
	va_list ap;
	va_start(ap, fmt);
	buf_vprintf(&why, fmt, ap);
	va_end(ap);
	struct str name = w->name;
	if (w->generated && !w->judging) { /* upstream draws the name afterwards */
		name = meta_generate_name(w->tree);
		request_about(w->r, w->res->group, w->res->plural, name);
	}
	if (name.n)
		return err_set(err, ERR_FORBIDDEN, "%s \"%.*s\" is forbidden: %s",
			       lookup_qualified(w->r, w->res), STR_ARG(name), why.p);
	return err_set(err, ERR_FORBIDDEN, "%s is forbidden: %s", lookup_qualified(w->r, w->res),
		       why.p);
}

static int run(const struct plugin *plugins, size_t n, struct write *w, struct err *err)
{
	bool create = !strcmp(w->operation, "CREATE");
	for (size_t i = 0; i < n; i++) {
		const struct plugin *p = &plugins[i];
		if ((create ? !p->create : !p->update) || (w->subresource[0] && !p->subresources))
			continue;
		int e = p->run(w, err);
		if (e < 0)
			return e;
	}
	return 0;
}

int admit(struct write *w, struct err *err)
{
	return run(changing, COUNT_OF(changing), w, err);
}

int admit_validate(struct write *w, struct err *err)
{
	return run(judging, COUNT_OF(judging), w, err);
}

int admit_delete(struct api_request *r, const struct api_resource *res, const struct object *o,
		 struct err *err)
{
	int e = admit_namespace_delete(r, res, o, err);
	return e < 0 ? e : admit_node_delete(r, res, o, err);
}
