/* SPDX-License-Identifier: Apache-2.0 */
/* The links in a page that passes through a proxy (net/link.h), in whatever pieces the page comes. Everything else stays as it is,
 * byte by byte. Which attributes hold links is apimachinery's table. */
#ifndef NET_HTML_LINKS_H
#define NET_HTML_LINKS_H

#include "net/link.h"

#define HTML_NAME_MAX 16
#define HTML_LINK_MAX 8192 /* a longer one stays as it is */

struct html_links {
	const struct link_base *base;
	int state;
	char tag[HTML_NAME_MAX], attribute[HTML_NAME_MAX];
	size_t ntag, nattribute;
	char quote;       /* around the value, 0: none */
	bool is_link;     /* the present value */
	bool text_only;   /* in <script> and the like: up to its end tag */
	size_t matched;   /* of that end tag, or of a comment's end */
	struct buf value; /* of a link, until its end is seen */
};
void html_links_init(struct html_links *h, const struct link_base *base);
void html_links_free(struct html_links *h);
/* Appends to out what is ready. */
void html_links_feed(struct html_links *h, struct str piece, struct buf *out);
void html_links_end(struct html_links *h, struct buf *out); /* what was kept back */

#endif
