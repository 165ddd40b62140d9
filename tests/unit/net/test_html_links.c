/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "net/html_links.h"

#define BASE "/api/v1/namespaces/n/pods/p/proxy"

static const struct link_base base = { .prefix = STR_INIT(BASE),
				       .host = STR_INIT("10.0.0.1:80"),
				       .asked = STR_INIT("localhost:8001") };

static void rewrites(const char *page, const char *want)
{
	for (size_t step = 1; step < 100; step += 6) {
		struct html_links h;
		auto_buf out = { 0 };
		struct str rest = str_from(page);
		html_links_init(&h, &base);
		while (rest.n) {
			size_t n = rest.n < step ? rest.n : step;
			html_links_feed(&h, str_of(rest.p, n), &out);
			rest = str_of(rest.p + n, rest.n - n);
		}
		html_links_end(&h, &out);
		html_links_free(&h);
		assert_string_equal(out.p, want);
	}
}

static void links_to_own_paths_get_the_prefix(void **state)
{
	(void)state;
	rewrites("<a href=\"/x\">y</a>", "<a href=\"" BASE "/x\">y</a>");
	rewrites("<A CLASS=c HREF='/x?y=1'>", "<A CLASS=c HREF='" BASE "/x?y=1'>");
	rewrites("<img alt = z src = /i.png>", "<img alt = z src = " BASE "/i.png>");
	rewrites("<img src=/i.png/>", "<img src=" BASE "/i.png/>");
	rewrites("<form\n\taction=\"/f\" >", "<form\n\taction=\"" BASE "/f\" >");
	rewrites("<a href=http://10.0.0.1:80/x>", "<a href=" BASE "/x>");
	rewrites("<a href=\"//localhost:8001/x\">", "<a href=\"" BASE "/x\">");
}

static void other_links_stay(void **state)
{
	(void)state;
	static const char *const pages[] = {
		"<a href=\"x/y\">",
		"<a href=\"https://example.org/x\">",
		"<a href=\"" BASE "/x\">",
		"<a href=\"mailto:a@b\">",
		"<a href=''>",
		"<a title=\"/x\">",
		"<p href=\"/x\">",
		"<a href",
		"<a href=\"/x",
		"< a href=\"/x\">",
		"<a href=\"//elsewhere/x\">",
		"</a href=\"/x\">",
	};
	for (size_t i = 0; i < COUNT_OF(pages); i++)
		rewrites(pages[i], pages[i]);
}

static void texts_that_look_like_tags_stay(void **state)
{
	(void)state;
	rewrites("<!-- <a href=\"/x\"> --><a href=/y>",
		 "<!-- <a href=\"/x\"> --><a href=" BASE "/y>");
	rewrites("<!DOCTYPE html><a href=/y>", "<!DOCTYPE html><a href=" BASE "/y>");
	rewrites("<script src=\"/s\">'<a href=\"/x\">' < </scrip></script ><a href=/y>",
		 "<script src=\"" BASE "/s\">'<a href=\"/x\">' < </scrip></script ><a href=" BASE
		 "/y>");
	rewrites("<title><a href=/x></title><a href=/y>",
		 "<title><a href=/x></title><a href=" BASE "/y>");
	rewrites("a < b <<a href=/y>", "a < b <<a href=" BASE "/y>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(links_to_own_paths_get_the_prefix),
		cmocka_unit_test(other_links_stay),
		cmocka_unit_test(texts_that_look_like_tags_stay),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
