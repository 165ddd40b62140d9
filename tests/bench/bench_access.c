/* SPDX-License-Identifier: Apache-2.0 */
/* What a decision costs with 10,000 bindings, in CPU time of the deciding thread: for a user with one role, for one with a hundred, for
 * one with none; and what it costs to take a new binding in. */
#include <stdio.h>
#include <time.h>

#include "base/mem.h"
#include "generated/api_tables.h"
#include "server/apiserver/authz/rbac.h"
#include "storage/cache/cache_set.h"

#define BINDINGS 10000
#define ROLES    200
#define PLACES   500
#define ROUNDS   20000

static struct cache_set *set;
static int64_t revision;

static double cpu_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void put(const struct api_resource *res, const char *ns, const char *name, struct str json)
{
	auto_buf key = { 0 };
	object_key(res, str_from(ns), str_from(name), &key);
	const struct store_event ev = {
		.type = STORE_PUT, .key = buf_view(&key), .value = json, .revision = ++revision
	};
	cache_on_commit(set, &ev, 1);
}

static void put_role(int i)
{
	char name[32];
	auto_buf json = { 0 };
	snprintf(name, sizeof(name), "role-%d", i);
	buf_printf(&json, "{\"metadata\":{\"name\":\"%s\",\"uid\":\"u\"},\"rules\":[", name);
	for (int k = 0; k < 10; k++)
		buf_printf(&json,
			   "%s{\"verbs\":[\"get\",\"list\",\"watch\"],\"apiGroups\":[\"g%d\"],"
			   "\"resources\":[\"things%d\",\"others%d\"]}",
			   k ? "," : "", i, k, k);
	buf_puts(&json, "]}");
	put(API_RBAC_V1_CLUSTERROLES, "", name, buf_view(&json));
}

/* Every second one is for a namespace; user-0 has a hundred, each in a place of its own. */
static void put_binding(int i)
{
	char name[32], ns[32];
	auto_buf json = { 0 };
	int user = i % 100 == 0 ? 0 : i;
	bool cluster = i % 2 == 0;
	snprintf(name, sizeof(name), "binding-%d", i);
	snprintf(ns, sizeof(ns), "ns-%d", i % PLACES);
	buf_printf(&json,
		   "{\"metadata\":{\"name\":\"%s\",\"uid\":\"u\"},\"subjects\":[{\"kind\":\"User\","
		   "\"name\":\"user-%d\"},{\"kind\":\"Group\",\"name\":\"team-%d\"}],\"roleRef\":{"
		   "\"kind\":\"ClusterRole\",\"name\":\"role-%d\"}}",
		   name, user, i % 1000, i % ROLES);
	put(cluster ? API_RBAC_V1_CLUSTERROLEBINDINGS : API_RBAC_V1_ROLEBINDINGS, cluster ? "" : ns,
	    name, buf_view(&json));
}

static void measure(struct rbac *r, const char *what, const char *user, const char *group,
		    const char *resource, const char *api_group, const char *ns)
{
	const struct str groups[] = { str_from(group), STR("system:authenticated") };
	const struct api_user u = { .name = str_from(user), .groups = groups, .ngroups = 2 };
	const struct authz_attributes a = { .user = &u,
					    .verb = STR("watch"),
					    .is_resource = true,
					    .group = str_from(api_group),
					    .resource = str_from(resource),
					    .ns = str_from(ns) };
	size_t allowed = 0;
	double from = cpu_us();
	for (int i = 0; i < ROUNDS; i++)
		allowed += rbac_allows(r, &a, NULL);
	printf("%-44s %7.2f us a decision, %s\n", what, (cpu_us() - from) / ROUNDS,
	       allowed ? "allowed" : "denied");
}

int main(void)
{
	set = cache_set_new(NULL);
	cache_of(set, API_RBAC_V1_ROLES);
	cache_of(set, API_RBAC_V1_CLUSTERROLES);
	cache_of(set, API_RBAC_V1_ROLEBINDINGS);
	cache_of(set, API_RBAC_V1_CLUSTERROLEBINDINGS);
	for (int i = 0; i < ROLES; i++)
		put_role(i);
	for (int i = 0; i < BINDINGS; i++)
		put_binding(i);
	struct rbac *r = rbac_new(set);
	double from = cpu_us();
	measure(r, "first, with the index to be made", "nobody", "none", "x", "", "ns-1");
	printf("%-44s %7.0f us for %d bindings\n", "the index", cpu_us() - from, BINDINGS);
	measure(r, "who has one role", "user-7", "none", "things9", "g7", "ns-7");
	measure(r, "who has one role, something else", "user-7", "none", "x", "", "ns-7");
	measure(r, "who has a hundred bindings and a group's ten", "user-0", "team-4", "x", "",
		"ns-4");
	measure(r, "who has nothing", "nobody", "none", "pods", "", "ns-1");
	from = cpu_us();
	for (int i = 0; i < 1000; i++) {
		put_binding(BINDINGS + i);
		const struct api_user u = { .name = STR("x") };
		const struct authz_attributes a = { .user = &u, .verb = STR("get") };
		rbac_allows(r, &a, NULL);
	}
	printf("%-44s %7.2f us, the commit with it\n", "a new binding, taken in",
	       (cpu_us() - from) / 1000);
	rbac_free(r);
	cache_set_free(set);
	return 0;
}
