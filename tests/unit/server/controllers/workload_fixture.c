/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/server/controllers/workload_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

int workload_setup(void **state)
{
	struct workload_fixture *f = NEW(struct workload_fixture);

	f->pods.arena = &f->arena;
	*state = f;
	return 0;
}

int workload_teardown(void **state)
{
	struct workload_fixture *f = *state;

	free(f->pods.items);
	arena_free(&f->arena);
	free(f);
	return 0;
}

void *workload_read(struct workload_fixture *f, const struct api_struct *desc, const char *json)
{
	void *out = arena_alloc(&f->arena, desc->size);
	auto_err err = { 0 };

	if (struct_read_json(arena_str(&f->arena, str_from(json)), &f->arena, desc, out, &err) == 0)
		return out;
	fprintf(stderr, "%s: %s\n", json, err_text(&err));
	abort();
}

struct core_v1_pod *workload_pod(struct workload_fixture *f, const char *name, const char *metadata,
				 const char *spec, const char *status)
{
	auto_free char *json = str_printf(
		"{\"metadata\":{\"name\":\"%s\",\"uid\":\"u-%s\"%s},\"spec\":{%s},\"status\":{%s}}",
		name, name, metadata, spec, status);
	struct pod_view *v;

	f->pods.items = mem_array_grow(f->pods.items, &f->pods.cap, f->pods.n + 1, sizeof(*v));
	v = &f->pods.items[f->pods.n++];
	*v = (struct pod_view){
		.pod = *(struct core_v1_pod *)workload_read(f, api_struct_core_v1_pod, json)
	};
	return &v->pod;
}
