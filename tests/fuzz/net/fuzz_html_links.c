/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever the page is: cut or whole, the same comes out, and nothing of it is lost. */
#include <stdlib.h>

#include "net/html_links.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct link_base base = { .prefix = { "/p", 2 }, .host = { "h", 1 } };
	struct html_links whole, cut;
	struct buf a = { 0 }, b = { 0 };
	html_links_init(&whole, &base);
	html_links_init(&cut, &base);
	html_links_feed(&whole, str_of(data, n), &a);
	for (size_t i = 0; i < n; i++)
		html_links_feed(&cut, str_of(data + i, 1), &b);
	html_links_end(&whole, &a);
	html_links_end(&cut, &b);
	if (!str_eq(buf_view(&a), buf_view(&b)))
		abort();
	html_links_free(&whole);
	html_links_free(&cut);
	buf_free(&a);
	buf_free(&b);
	return 0;
}
