/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/identity/csr.h"

#include "api/object/meta.h"
#include "base/encode.h"

json_t *csr_condition(const json_t *csr, const char *type)
{
	json_t *one, *list = tree_get(csr, "status", "conditions", NULL);
	size_t i;
	json_array_foreach (list, i, one)
		if (str_eqz(tree_get_str(one, "type", NULL), type) &&
		    !str_eqz(tree_get_str(one, "status", NULL), "False"))
			return one;
	return NULL;
}

bool csr_has_certificate(const json_t *csr)
{
	return tree_get_str(csr, "status", "certificate", NULL).n > 0;
}

void csr_add_condition(json_t *csr, const char *type, const char *reason, const char *message)
{
	json_t *status = json_object_get(csr, "status"), *list;
	if (!status)
		json_object_set_new(csr, "status", status = json_object());
	list = json_object_get(status, "conditions");
	if (!json_is_array(list))
		json_object_set_new(status, "conditions", list = json_array());
	json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:s}", "type", type, "status", "True",
					      "reason", reason, "message", message));
}

int csr_request(const json_t *csr, struct signing_request *out, struct err *err)
{
	auto_buf pem = { 0 };
	if (!base64_decode(&pem, tree_get_str(csr, "spec", "request", NULL)))
		return err_set(err, ERR_BAD_REQUEST, "spec.request is not base64");
	return signing_request_parse(buf_view(&pem), out, err);
}

static void on_request(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	(void)old;
	if (new)
		work_queue_add(c->queue, new->name);
}

void csr_watch(struct controller *c)
{
	informer_hook_add(controller_informer(c, API_CERTIFICATES_V1_CERTIFICATESIGNINGREQUESTS),
			  on_request, NULL, c);
}
