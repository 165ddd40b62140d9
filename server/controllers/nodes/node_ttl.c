/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/nodes/node_ttl.h"

#include <stdint.h>

static const struct {
	size_t min, max;
	int seconds;
} steps[] = {
	{ 0, 100, 0 },     { 90, 500, 15 },         { 450, 1000, 30 },
	{ 900, 2000, 60 }, { 1800, SIZE_MAX, 300 },
};

size_t node_ttl_step(size_t step, size_t nodes)
{
	while (nodes > steps[step].max)
		step++;
	while (nodes < steps[step].min)
		step--;
	return step;
}

int node_ttl_seconds(size_t step)
{
	return steps[step].seconds;
}
