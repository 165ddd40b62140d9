/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "generated/api_tables.h"
#include "server/apiserver/read/event_cache.h"

static struct object *map_object(void)
{
	struct object *o = NULL;
	assert_int_equal(
		object_new(API_CORE_V1_CONFIGMAPS, STR("/registry/configmaps/default/a"),
			   STR("{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":"
			       "{\"name\":\"a\",\"namespace\":\"default\",\"uid\":\"u\"}}"),
			   &o, NULL),
		0);
	object_seal(o, 7);
	return o;
}

struct watcher {
	struct api_request r;
	struct event_encoder e;
};

static struct watcher *watcher_new(enum media_format format)
{
	struct watcher *w = NEW(struct watcher);
	w->r.resource = API_CORE_V1_CONFIGMAPS;
	w->r.media.format = format;
	w->r.media.shape_version = "v1";
	w->e.r = &w->r;
	return w;
}

static void watchers_of_one_form_share_a_frame_and_others_do_not(void **state)
{
	struct event_cache cache = { 0 };
	struct object *o = map_object();
	struct watcher *a = watcher_new(MEDIA_JSON), *b = watcher_new(MEDIA_JSON),
		       *c = watcher_new(MEDIA_PROTOBUF);
	(void)state;
	struct http_frame *f = event_cache_frame(&cache, &a->e, EVENT_ADDED, o);
	assert_ptr_equal(event_cache_frame(&cache, &b->e, EVENT_ADDED, o), f);
	assert_true(str_starts(f->body, STR("{\"type\":\"ADDED\",\"object\":{\"kind\":")));
	assert_true(str_ends(f->body, STR("}}\n")));
	assert_true(str_starts(event_cache_frame(&cache, &b->e, EVENT_MODIFIED, o)->body,
			       STR("{\"type\":\"MODIFIED\"")));
	assert_ptr_not_equal(event_cache_frame(&cache, &c->e, EVENT_ADDED, o), f);
	assert_int_equal(f->refs, 1);
	event_cache_free(&cache);
	assert_int_equal(atomic_load(&o->refs), 1);
	object_unref(o);
	free(a);
	free(b);
	free(c);
}

static void more_forms_than_slots_are_encoded_again(void **state)
{
	struct event_cache cache = { 0 };
	struct watcher *a = watcher_new(MEDIA_JSON);
	struct object *o[2 * EVENT_CACHE_FORMS];
	(void)state;
	for (size_t i = 0; i < COUNT_OF(o); i++) {
		o[i] = map_object();
		event_cache_frame(&cache, &a->e, EVENT_ADDED, o[i]);
	}
	assert_int_equal(atomic_load(&o[0]->refs), 1); /* let go */
	assert_true(str_starts(event_cache_frame(&cache, &a->e, EVENT_DELETED, o[0])->body,
			       STR("{\"type\":\"DELETED\"")));
	event_cache_free(&cache);
	for (size_t i = 0; i < COUNT_OF(o); i++) {
		assert_int_equal(atomic_load(&o[i]->refs), 1);
		object_unref(o[i]);
	}
	free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(watchers_of_one_form_share_a_frame_and_others_do_not),
		cmocka_unit_test(more_forms_than_slots_are_encoded_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
