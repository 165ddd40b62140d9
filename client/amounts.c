/* SPDX-License-Identifier: Apache-2.0 */
#include "client/amounts.h"

#include "api/values/quantity.h"
#include "base/mem.h"

void amounts_free(struct amounts *a)
{
	for (size_t i = 0; i < a->nothers; i++)
		free(a->others[i].name);
	free(a->others);
	*a = (struct amounts){ 0 };
}

static struct amount *other(struct amounts *a, struct str name)
{
	for (size_t i = 0; i < a->nothers; i++)
		if (str_eqz(name, a->others[i].name))
			return &a->others[i];
	a->others = mem_array_grow(a->others, &a->cap, a->nothers + 1, sizeof(*a->others));
	a->others[a->nothers] = (struct amount){ str_dup(name), 0 };
	return &a->others[a->nothers++];
}

int64_t amounts_other(const struct amounts *a, const char *name)
{
	for (size_t i = 0; i < a->nothers; i++)
		if (!strcmp(a->others[i].name, name))
			return a->others[i].value;
	return 0;
}

void amounts_read(struct amounts *to, const struct api_quantity_map *list)
{
	for (size_t i = 0; i < list->n; i++) {
		struct str name = list->items[i].key;
		struct quantity q;

		if (quantity_parse(list->items[i].value.text, &q, NULL) < 0)
			continue;
		if (str_eqz(name, "cpu"))
			to->milli_cpu += quantity_milli(q);
		else if (str_eqz(name, "memory"))
			to->memory += quantity_i64(q);
		else if (str_eqz(name, "ephemeral-storage"))
			to->ephemeral += quantity_i64(q);
		else
			other(to, name)->value += quantity_i64(q);
	}
}

void amounts_add_others(struct amounts *to, const struct amounts *more, int sign)
{
	for (size_t i = 0; i < more->nothers; i++)
		other(to, str_from(more->others[i].name))->value += sign * more->others[i].value;
}

void amounts_add(struct amounts *to, const struct amounts *more, int sign)
{
	amounts_add_main(to, more, sign);
	amounts_add_others(to, more, sign);
}

static void raise(int64_t *v, int64_t at_least)
{
	if (*v < at_least)
		*v = at_least;
}

void amounts_raise(struct amounts *to, const struct amounts *at_least)
{
	raise(&to->milli_cpu, at_least->milli_cpu);
	raise(&to->memory, at_least->memory);
	raise(&to->ephemeral, at_least->ephemeral);
	for (size_t i = 0; i < at_least->nothers; i++)
		raise(&other(to, str_from(at_least->others[i].name))->value,
		      at_least->others[i].value);
}
