/* SPDX-License-Identifier: Apache-2.0 */
/* Of the secrets that an account names only the names are kept; that somebody sent more is noted in managedFields before. */
#include "api/object/meta.h"
#include "server/apiserver/write/write.h"

int service_account_strategy(struct write *w, struct err *err)
{
	(void)err;
	json_t *secrets = json_object_get(w->tree, "secrets");
	for (size_t i = 0; i < json_array_size(secrets); i++) {
		json_t *name = json_object_get(json_array_get(secrets, i), "name");
		json_array_set_new(secrets, i,
				   name ? json_pack("{s:O}", "name", name) : json_object());
	}
	return 0;
}
