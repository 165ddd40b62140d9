/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/server/simulation/sim_time.h"

static struct {
	int64_t us;
	uint64_t drawn, given; /* states of the two streams */
} sim;

static uint64_t next(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

void sim_time_begin(uint64_t seed)
{
	sim.us = 0;
	sim.drawn = seed;
	sim.given = ~seed;
}

void sim_time_pass(int64_t us)
{
	sim.us += us;
}

int64_t sim_now_us(void)
{
	return sim.us;
}

int sim_clock(clockid_t id, struct timespec *out)
{
	int64_t us = sim.us + (id == CLOCK_REALTIME ? (int64_t)SIM_EPOCH_S * 1000000 : 1000000000);
	*out = (struct timespec){ .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 };
	return 0;
}

void sim_random_bytes(void *to, size_t n)
{
	unsigned char *p = to;
	while (n--)
		*p++ = (unsigned char)(next(&sim.given) >> 56);
}

unsigned sim_draw(unsigned n)
{
	return n ? (unsigned)(next(&sim.drawn) % n) : 0;
}
