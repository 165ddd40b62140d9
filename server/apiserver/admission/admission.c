/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/admission/admission.h"

#include <stdarg.h>

#include "api/meta.h"

struct plugin {
	const char *name;
	bool create, update, subresources;
	int (*run)(struct write *w, struct err *err);
};

static const struct plugin changing[] = {
	{ "NamespaceLifecycle", true, true, true, admit_namespace_lifecycle },
	{ "LimitRanger", true, false, false, admit_limit_ranges },
	{ "ServiceAccount", true, false, false, admit_service_account },
	{ "TaintNodesByCondition", true, false, false, admit_taint_nodes },
	{ "Priority", true, true, false, admit_priority },
	{ "DefaultTolerationSeconds", true, true, false, admit_toleration_seconds },
	{ "DefaultStorageClass", true, false, false, admit_default_class },
	{ "RuntimeClass", true, false, false, admit_runtime_class },
	/* MutatingAdmissionPolicy and MutatingAdmissionWebhook stand here */
};

static const struct plugin judging[] = {
	{ "NodeRestriction", true, true, true, admit_node_restriction },
	/* ValidatingAdmissionPolicy, ValidatingAdmissionWebhook and ResourceQuota stand here, the quota last */
};

bool admission_is(const struct write *w, const char *plural)
{
	return !w->subresource[0] && !w->res->group[0] && !strcmp(w->res->plural, plural);
}

int admission_forbid(struct write *w, struct err *err, const char *fmt, ...)
{
	auto_buf why = { 0 };
	va_list ap;
	va_start(ap, fmt);
	buf_vprintf(&why, fmt, ap);
	va_end(ap);
	if (w->name.n)
		return err_set(err, ERR_FORBIDDEN, "%s \"%.*s\" is forbidden: %s",
			       lookup_qualified(w->r, w->res), STR_ARG(w->name), why.p);
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
	return admit_namespace_delete(r, res, o, err);
}
