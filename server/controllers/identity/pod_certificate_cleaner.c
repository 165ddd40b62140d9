/* SPDX-License-Identifier: Apache-2.0 */
/* Removes PodCertificateRequests a quarter of an hour after they were made, whatever became of them: a kubelet waits for none for so
 * long. Follows upstream's pkg/controller/certificates/cleaner. Key: the request. */
#include "api/object/meta.h"
#include "server/controllers/controller.h"

#define KEPT_MS (15 * 60 * 1000LL)

static int64_t age_ms(const struct object *o)
{
	int64_t made_us = 0;
	json_t *tree = object_tree(o, NULL);
	time_parse(meta_creation(tree), &made_us);
	json_decref(tree);
	return (clock_wall_us(clock_real()) - made_us) / 1000;
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	auto_buf body = { 0 };
	struct str ns, name;
	controller_key_split(key, &ns, &name);
	const struct object *o =
		informer_get(controller_informer(c, API_CERTIFICATES_V1_PODCERTIFICATEREQUESTS), ns,
			     name);
	int64_t wait = o ? KEPT_MS - age_ms(o) : 0;
	if (o && wait <= 0) {
		const struct controller_write w = controller_removal(o, "", &body);
		controller_write(c, key, &w);
		return;
	}
	if (o)
		work_queue_add_after(c->queue, key, wait);
	controller_done(c, key, false);
}

static void on_request(void *ctx, const struct object *old, const struct object *new)
{
	if (!old && new)
		controller_wake(ctx, new);
}

static int start(struct controller *c, struct err *err)
{
	(void)err;
	controller_queue_start(c, work);
	informer_hook_add(controller_informer(c, API_CERTIFICATES_V1_PODCERTIFICATEREQUESTS),
			  on_request, NULL, c);
	return 0;
}

const struct controller_row controller_pod_certificate_cleaner = {
	.name = "podcertificaterequest-cleaner-controller",
	.start = start,
	.account = "podcertificaterequestcleaner",
};
