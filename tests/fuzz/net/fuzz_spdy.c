/* SPDX-License-Identifier: Apache-2.0 */
/* A session of any bytes; streams that were accepted must be the only ones that are told to end before they got data. */
#include <stdlib.h>

#include "net/spdy.h"

struct run {
	struct spdy *s;
	uint32_t last;
};

static void on_send(void *ctx, struct str head, struct str body)
{
	(void)ctx;
	if (head.n != 8 || body.n > 32768)
		abort();
}

static bool on_opened(void *ctx, uint32_t id, const struct spdy_header *h, size_t n)
{
	struct run *r = ctx;
	size_t bytes = 0;
	if (id <= r->last || id % 2 == 0)
		abort();
	r->last = id;
	for (size_t i = 0; i < n; i++)
		bytes += h[i].name.n + h[i].value.n;
	if (bytes > 70000)
		abort();
	if (id % 3 == 0)
		return false;
	spdy_reply(r->s, id);
	return true;
}

static void on_data(void *ctx, uint32_t id, const char *p, size_t n)
{
	struct run *r = ctx;
	spdy_data(r->s, id, str_of(p, n), false);
}

static void on_other(void *ctx, uint32_t id)
{
	(void)ctx;
	(void)id;
}

static const struct spdy_ops ops = {
	.send = on_send, .opened = on_opened, .data = on_data, .ended = on_other, .reset = on_other
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct run r = { 0 };
	if (n == 0)
		return 0;
	r.s = spdy_new(&ops, &r);
	size_t cut = data[0] * (n - 1) / 255;
	if (spdy_input(r.s, (const char *)data + 1, cut))
		spdy_input(r.s, (const char *)data + 1 + cut, n - 1 - cut);
	spdy_free(r.s);
	return 0;
}
