/* SPDX-License-Identifier: Apache-2.0 */
/* allinone image import|list|pull|remove: works on the node's image store directly, whether the server runs or not. */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "agent/runtime/image.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cmd/command.h"
#include "cmd/flags.h"
#include "cmd/words.h"

struct image_options {
	const char *data_dir;
	const char *private_registry;
	bool mirrors_only;
	const char *user;
};
static const struct flag image_flags[] = {
	{ "data-dir", "DIR", FLAG_STRING, offsetof(struct image_options, data_dir),
	  "/var/lib/allinone", "where the server keeps its data" },
	{ "private-registry", "FILE", FLAG_STRING, offsetof(struct image_options, private_registry),
	  "/etc/allinone/registries.yaml", "mirrors, credentials and TLS of registries (pull)" },
	{ "disable-default-registry-endpoint", NULL, FLAG_BOOL,
	  offsetof(struct image_options, mirrors_only), "false",
	  "registries that have mirrors are not asked themselves (pull)" },
	{ "user", "NAME:PASSWORD", FLAG_STRING, offsetof(struct image_options, user), NULL,
	  "credentials of the registry (pull); better in the environment: ALLINONE_USER" },
};
static const struct flag_table image_table = { "image", image_flags, COUNT_OF(image_flags), NULL };

/* A line that is drawn over while stderr is a terminal; at most ten times a second. */
struct progress {
	bool terminal, drawn;
	int64_t last_ms;
};

static void draw(void *ctx, const char *what, int64_t done, int64_t total)
{
	struct progress *p = ctx;
	int64_t now = clock_mono_ms(clock_real());
	if (!p->terminal || (now - p->last_ms < 100 && done != total))
		return;
	p->last_ms = now;
	p->drawn = true;
	if (total > 0)
		fprintf(stderr, "\r\033[K%s  %.1f / %.1f MB", what, (double)done / 1e6,
			(double)total / 1e6);
	else
		fprintf(stderr, "\r\033[K%s  %.1f MB", what, (double)done / 1e6);
}

static void draw_end(struct progress *p)
{
	if (p->drawn)
		fputs("\r\033[K", stderr);
}

static int do_import(struct image_store *s, const char *path, struct err *err)
{
	struct progress p = { .terminal = isatty(STDERR_FILENO) };
	char **names = NULL;
	int r = image_import(s, path, draw, &p, &names, err);
	draw_end(&p);
	if (r < 0)
		return err_wrap(err, r, "import %s", path);
	for (size_t i = 0; names && names[i]; i++) {
		printf("imported %s\n", names[i]);
		free(names[i]);
	}
	free(names);
	return 0;
}

static int do_list(struct image_store *s, struct err *err)
{
	struct image **images;
	size_t n;
	int r = image_list(s, &images, &n, err);
	if (r < 0)
		return r;
	printf("%-60s %-14s %10s\n", "IMAGE", "ID", "SIZE");
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; images[i]->names && images[i]->names[j]; j++)
			printf("%-60s %-14.12s %8.1fMB\n", images[i]->names[j], images[i]->id,
			       (double)images[i]->size_bytes / 1e6);
		image_free(images[i]);
	}
	free(images);
	return 0;
}

struct pull {
	struct progress progress; /* first: what draw() gets */
	struct loop loop;
	struct err err;
	int result;
};

static void pulled(void *ctx, struct image *image, const struct err *err)
{
	struct pull *p = ctx;
	draw_end(&p->progress);
	if (image)
		printf("pulled %s %s\n", image->name, image->digest);
	else
		err_copy(&p->err, err);
	p->result = image ? 0 : -(int)err->reason;
	image_free(image);
	loop_stop(&p->loop);
}

static int do_pull(struct image_store *s, const char *reference, const char *user, struct err *err)
{
	struct pull p = { .progress = { .terminal = isatty(STDERR_FILENO) } };
	int r = loop_init(&p.loop, "pull", err);
	if (r < 0)
		return r;
	struct str rest = str_from(user), name = { 0 };
	struct image_auth auth = { 0 };
	auto_free char *username = NULL;
	if (user && str_next(&rest, ':', &name)) {
		username = str_dup(name);
		auth = (struct image_auth){ .username = username,
					    .password = rest.p ? rest.p : "" };
	}
	image_pull(s, &p.loop, reference, user ? &auth : NULL, draw, pulled, &p);
	loop_run(&p.loop);
	loop_close(&p.loop);
	err_move(err, &p.err);
	return p.result;
}

static int act(struct image_store *s, const char *verb, const char *what,
	       const struct image_options *o, struct err *err)
{
	if (!strcmp(verb, "list"))
		return do_list(s, err);
	if (!strcmp(verb, "import"))
		return do_import(s, what, err);
	if (!strcmp(verb, "pull"))
		return do_pull(s, what, o->user, err);
	return image_remove(s, what, err);
}

static bool takes_argument(const char *verb, bool *known)
{
	*known = !strcmp(verb, "list") || !strcmp(verb, "import") || !strcmp(verb, "pull") ||
		 !strcmp(verb, "remove");
	return *known && strcmp(verb, "list") != 0;
}

static int usage(void)
{
	auto_buf help = { 0 };
	flags_help(&image_table, &help);
	fprintf(stderr,
		"Usage: allinone image import FILE | list | pull IMAGE | remove IMAGE\n\n%s",
		help.p);
	return 2;
}

int command_image(int argc, char **argv)
{
	struct image_options o = { 0 };
	auto_err err = { 0 };
	char *words[2] = { NULL, NULL };
	auto_free char **flags = mem_zalloc(((size_t)argc + 1) * sizeof(*flags));
	int nflags = words_split(argc, argv, words, flags);
	bool known = false;
	if (nflags < 0 || !words[0] || takes_argument(words[0], &known) != (words[1] != NULL) ||
	    !known)
		return usage();
	int r = flags_parse(&image_table, nflags, flags, &o, &err);
	if (r)
		return r > 0 ? 0 : command_fail(&err);
	auto_free char *dir = str_printf("%s/agent/images", o.data_dir);
	struct image_store *store;
	r = image_store_open(dir, &store, &err);
	if (r == 0) {
		image_store_registries(store, o.private_registry, o.mirrors_only);
		r = act(store, words[0], words[1], &o, &err);
		image_store_free(store);
	}
	flags_free(&image_table, &o);
	return r < 0 ? command_fail(&err) : 0;
}
