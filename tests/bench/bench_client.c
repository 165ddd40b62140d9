/* SPDX-License-Identifier: Apache-2.0 */
/* Measures a Kubernetes API server, any one: bench_client --kubeconfig F [--pids A,B] [--seconds S] [--name TEXT] [--only TEXT] [SCENARIO…]
 *
 * Prints a line per measurement: operations/s, p50 and p99 latency as the client sees it, and, with --pids, the CPU time that
 * those processes spent per operation (from their process clocks, so it doesn't depend on this program's own load).
 * Everything happens in namespace "bench-api", which is deleted at the end. */
#include <jansson.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/mem.h"
#include "client/scenario.h"

static const struct scenario {
	const char *name;
	void (*run)(void);
} scenarios[] = { { "pods", bench_pods },      { "create", bench_creates },
		  { "get", bench_gets },       { "list", bench_lists },
		  { "update", bench_updates }, { "apply", bench_applies },
		  { "watch", bench_watches } };

static void set_namespace(bool there)
{
	struct client c;
	client_init(&c, 0, "application/json");
	if (there) {
		client_request(
			&c, "POST", "/api/v1/namespaces",
			"{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":"
			"\"" NAMESPACE "\"}}");
		if (client_request(&c, "GET", "/api/v1/namespaces/" NAMESPACE, NULL) != 200)
			die("namespace", c.body.p);
		/* what controllers would make, where they run: pods ask for it */
		client_request(&c, "POST", "/api/v1/namespaces/" NAMESPACE "/serviceaccounts",
			       "{\"apiVersion\":\"v1\",\"kind\":\"ServiceAccount\",\"metadata\":{"
			       "\"name\":\"default\"}}");
	} else {
		client_request(&c, "DELETE", MAPS, NULL);
		client_request(&c, "DELETE", "/api/v1/namespaces/" NAMESPACE, NULL);
	}
	client_close(&c);
}

static bool chosen(const char *name, char **names)
{
	if (!*names)
		return true;
	for (; *names; names++)
		if (!strcmp(name, *names))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	const char *kubeconfig = NULL;
	int i = 1;
	for (; i + 1 < argc && !strncmp(argv[i], "--", 2); i += 2) {
		if (!strcmp(argv[i], "--kubeconfig"))
			kubeconfig = argv[i + 1];
		else if (!strcmp(argv[i], "--pids"))
			target_pids(argv[i + 1]);
		else if (!strcmp(argv[i], "--seconds"))
			target.seconds = strtod(argv[i + 1], NULL);
		else if (!strcmp(argv[i], "--name"))
			target.name = argv[i + 1];
		else if (!strcmp(argv[i], "--only"))
			target.only = argv[i + 1];
		else
			die(argv[i], "unknown flag");
	}
	if (!kubeconfig)
		die("usage", "bench_client --kubeconfig FILE [--pids A,B] [--seconds S] [--name "
			     "TEXT] [--only TEXT] [pods|create|get|list|update|apply|watch]…");
	curl_global_init(CURL_GLOBAL_DEFAULT);
	target_load(kubeconfig);
	set_namespace(true);
	for (size_t s = 0; s < COUNT_OF(scenarios); s++)
		if (chosen(scenarios[s].name, argv + i))
			scenarios[s].run();
	set_namespace(false);
	free(target.server);
	return 0;
}
