/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/mem.h"
#include "scenario.h"

#define DEPLOYMENTS "/apis/apps/v1/namespaces/" NAMESPACE "/deployments"

/* One of twenty Deployments as kubectl sends somebody's manifest, paused, so that controllers leave it alone. */
static bool apply(struct client *c, size_t i, size_t version)
{
	if (i == 0)
		client_header(c, "Content-Type: application/apply-patch+yaml");
	auto_free char *path =
		str_printf(DEPLOYMENTS "/web-%zu?fieldManager=bench&force=true", i % 20);
	auto_free char *body = str_printf(
		"{\"apiVersion\":\"apps/"
		"v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"web-%zu\","
		"\"labels\":{\"app\":\"web\",\"tier\":\"front\"},\"annotations\":{\"change\":\"%"
		"zu\"}},"
		"\"spec\":{\"replicas\":3,\"paused\":true,\"selector\":{\"matchLabels\":{\"app\":"
		"\"web\"}},"
		"\"template\":{\"metadata\":{\"labels\":{\"app\":\"web\",\"tier\":\"front\"}},"
		"\"spec\":{"
		"\"containers\":[{\"name\":\"web\",\"image\":\"registry.example/"
		"web:%zu\",\"ports\":["
		"{\"containerPort\":8080,\"name\":\"http\"},{\"containerPort\":9090,\"name\":"
		"\"metrics\"}],"
		"\"env\":[{\"name\":\"LEVEL\",\"value\":\"info\"},{\"name\":\"REGION\",\"value\":"
		"\"north\"}],"
		"\"resources\":{\"requests\":{\"cpu\":\"100m\",\"memory\":\"64Mi\"},"
		"\"limits\":{\"memory\":\"128Mi\"}},"
		"\"readinessProbe\":{\"httpGet\":{\"path\":\"/ready\",\"port\":\"http\"}},"
		"\"volumeMounts\":[{\"name\":\"data\",\"mountPath\":\"/data\"}]}],"
		"\"volumes\":[{\"name\":\"data\",\"emptyDir\":{}}]}}}}",
		i % 20, version, version);
	long code = client_request(c, "PATCH", path, body);
	return code == 200 || code == 201;
}

static bool apply_change(struct client *c, size_t i)
{
	return apply(c, i, i);
}

static bool apply_same(struct client *c, size_t i)
{
	return apply(c, i, 0);
}

void bench_applies(void)
{
	struct client c;
	measure("apply a changed Deployment", 1, "application/json", apply_change);
	measure("apply the same Deployment", 1, "application/json", apply_same);
	client_init(&c, 0, "application/json");
	client_request(&c, "DELETE", DEPLOYMENTS, NULL);
	client_close(&c);
}
