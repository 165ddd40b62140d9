/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as a query, as the answer of another server, and as something to keep. */
#include <stdlib.h>

#include "server/dns/answer.h"
#include "server/dns/cache.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct dns_records none;
	struct dns_zone zone = { .domain = "cluster.local", .records = &none, .complete = true };
	struct dns_cache cache;
	struct dns_query q;
	struct dns_answer a;
	struct str alias;
	struct buf kept = { 0 };
	uint8_t room[1232];

	if (dns_query_read(data, size, &q) != 0)
		return 0;
	dns_cache_init(&cache);
	dns_answer_begin(&a, room, sizeof(room), &q);
	dns_answer_question(&zone, &q, &a, &alias);
	dns_add_from(&a, data, size);
	size_t n = dns_answer_end(&a, &q);
	if (n > sizeof(room))
		abort();
	dns_cache_put(&cache, &q, data, size, 0);
	dns_cache_put(&cache, &q, room, n, 0);
	dns_cache_get(&cache, &q, 1000, &kept);
	buf_free(&kept);
	dns_cache_free(&cache);
	return 0;
}
