/* SPDX-License-Identifier: Apache-2.0 */
#include "target.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <jansson.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>

#include "api/codec.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/mem.h"

struct target target = { .seconds = 3, .name = "server" };

_Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "bench_client: %s: %s\n", what, why);
	exit(1);
}

double now_s(void)
{
	return (double)clock_real()->mono_us(clock_real()) / 1e6;
}

double cpu_s(void)
{
	double sum = 0;
	for (size_t i = 0; i < target.npids; i++) {
		clockid_t id;
		struct timespec ts;
		if (clock_getcpuclockid(target.pids[i], &id) || clock_gettime(id, &ts))
			die("--pids", "no such process");
		sum += (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
	}
	return sum;
}

static void credential(const json_t *holder, const char *name, struct buf *out)
{
	auto_err err = { 0 };
	auto_free char *data_name = str_printf("%s-data", name);
	const char *data = json_string_value(json_object_get(holder, data_name));
	const char *path = json_string_value(json_object_get(holder, name));
	if (data && !base64_decode(out, str_from(data)))
		die(data_name, "not base64");
	if (!data && path && file_read(path, 1 << 20, out, &err) < 0)
		die(path, err_text(&err));
}

static const json_t *first(const json_t *config, const char *list, const char *item)
{
	return json_object_get(json_array_get(json_object_get(config, list), 0), item);
}

void target_load(const char *path)
{
	auto_err err = { 0 };
	auto_buf text = { 0 };
	json_t *config = NULL;
	if (file_read(path, 1 << 20, &text, &err) < 0 ||
	    api_yaml_parse(buf_view(&text), &config, NULL, &err) < 0)
		die(path, err_text(&err));
	const json_t *cluster = first(config, "clusters", "cluster"),
		     *user = first(config, "users", "user");
	if (!json_string_value(json_object_get(cluster, "server")))
		die(path, "no cluster with a server");
	target.server = str_dup(str_from(json_string_value(json_object_get(cluster, "server"))));
	credential(cluster, "certificate-authority", &target.ca);
	credential(user, "client-certificate", &target.cert);
	credential(user, "client-key", &target.key);
	json_decref(config);
}

double pss_bytes(void)
{
	double sum = 0;
	for (size_t i = 0; i < target.npids; i++) {
		auto_free char *path = str_printf("/proc/%d/smaps_rollup", (int)target.pids[i]);
		auto_buf text = { 0 };
		if (file_read(path, 1 << 16, &text, NULL) < 0)
			return 0;
		const char *at = strstr(text.p, "\nPss:");
		sum += at ? 1024 * strtod(at + 5, NULL) : 0;
	}
	return sum;
}

static bool listens(const struct sockaddr *a, socklen_t n)
{
	auto_fd int fd = socket(a->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return fd >= 0 && connect(fd, a, n) == 0;
}

char *target_elsewhere(void)
{
	struct ifaddrs *all = NULL;
	char *found = NULL, text[INET_ADDRSTRLEN];
	unsigned short port = (unsigned short)atoi(strrchr(target.server, ':') + 1);
	getifaddrs(&all);
	for (struct ifaddrs *i = all; i && !found; i = i->ifa_next) {
		if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET ||
		    i->ifa_flags & IFF_LOOPBACK)
			continue;
		struct sockaddr_in a = *(struct sockaddr_in *)(void *)i->ifa_addr;
		a.sin_port = htons(port);
		if (listens((struct sockaddr *)&a, sizeof(a)))
			found = str_printf("https://%s:%u",
					   inet_ntop(AF_INET, &a.sin_addr, text, sizeof(text)),
					   port);
	}
	freeifaddrs(all);
	return found;
}

void target_pids(const char *text)
{
	struct str rest = str_from(text), one;
	int64_t v;
	while (str_next(&rest, ',', &one))
		if (target.npids < PIDS_MAX && str_to_i64(one, &v))
			target.pids[target.npids++] = (pid_t)v;
}
