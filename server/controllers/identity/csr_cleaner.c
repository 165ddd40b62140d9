/* SPDX-License-Identifier: Apache-2.0 */
/* Removes old requests: an hour after they were decided, a day after they were made. Follows upstream's
 * pkg/controller/certificates/cleaner. Key: the request. */
#include "api/object/meta.h"
#include "base/clock.h"
#include "server/controllers/controller.h"
#include "server/controllers/identity/csr.h"

#define DECIDED_S ((int64_t)3600)
#define PENDING_S ((int64_t)24 * 3600)

static int64_t seconds_of(struct str text, int64_t absent)
{
	int64_t us;
	return time_parse(text, &us) ? us / 1000000 : absent;
}

/* When it may go. */
static int64_t end_of(const json_t *csr)
{
	static const char *const decided[] = { "Approved", "Denied", "Failed" };
	int64_t made = seconds_of(meta_creation(csr), 0), end = made + PENDING_S;
	for (size_t i = 0; i < sizeof(decided) / sizeof(decided[0]); i++) {
		const json_t *one = csr_condition(csr, decided[i]);
		if (!one)
			continue;
		int64_t at = seconds_of(tree_get_str(one, "lastUpdateTime", NULL), made);
		if (at + DECIDED_S < end)
			end = at + DECIDED_S;
	}
	return end;
}

static void work(void *ctx, struct str name)
{
	struct controller *c = ctx;
	const struct object *o =
		informer_get(controller_informer(c, API_CERTIFICATES_V1_CERTIFICATESIGNINGREQUESTS),
			     STR(""), name);
	json_t *csr = o ? object_tree(o, NULL) : NULL;
	int64_t wait = csr ? end_of(csr) - clock_wall_s(clock_real()) : 0;
	json_decref(csr);
	if (!o || wait > 0) {
		controller_done(c, name, false);
		if (o)
			work_queue_add_after(c->queue, name, wait * 1000);
		return;
	}
	const struct controller_write w = {
		.verb = API_DELETE,
		.resource = API_CERTIFICATES_V1_CERTIFICATESIGNINGREQUESTS,
		.name = name,
		.harmless = ERR_NOT_FOUND,
	};
	controller_write(c, name, &w);
}

static int start(struct controller *c, struct err *err)
{
	(void)err;
	controller_queue_start(c, work);
	csr_watch(c);
	return 0;
}

const struct controller_row controller_csr_cleaner = { "csrcleaner", start, NULL,
						       "certificate-controller" };
