/* SPDX-License-Identifier: Apache-2.0 */
/* The order of versions: v2, v1, v1beta2, v1beta1, v1alpha1, then others by name. */
#include <ctype.h>

#include "api/crd/crd.h"

struct version_parts {
	int class; /* 2: v1, 1: v1beta1, 0: v1alpha1, -1: something else */
	long major, minor;
};

static bool number_at(const char **p, long *out)
{
	size_t n = 0;
	*out = 0;
	if (**p == '0')
		return false;
	for (; isdigit((unsigned char)**p); ++*p, n++)
		*out = *out < 100000000 ? *out * 10 + (**p - '0') : *out;
	return n > 0;
}

static struct version_parts version_parse(const char *p)
{
	struct version_parts v = { .class = -1 }, none = v;
	if (*p++ != 'v' || !number_at(&p, &v.major))
		return none;
	v.class = *p == 0 ? 2 : !strncmp(p, "beta", 4) ? 1 : !strncmp(p, "alpha", 5) ? 0 : -1;
	if (v.class == 2 || v.class < 0)
		return v.class < 0 ? none : v;
	p += v.class ? 4 : 5;
	return number_at(&p, &v.minor) && *p == 0 ? v : none;
}

int crd_version_order(const char *a, const char *b)
{
	struct version_parts x = version_parse(a), y = version_parse(b);
	if (x.class != y.class)
		return y.class - x.class;
	if (x.class < 0)
		return strcmp(a, b);
	if (x.major != y.major)
		return x.major > y.major ? -1 : 1;
	return x.minor == y.minor ? 0 : x.minor > y.minor ? -1 : 1;
}
