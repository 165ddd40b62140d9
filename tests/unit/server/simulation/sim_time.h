/* SPDX-License-Identifier: Apache-2.0 */
/* The time and the chance of a simulation. The program of the test answers clock_gettime(), time() and getrandom() from here, so that the
 * whole process, libuv's timers included, lives in simulated time, and a seed gives the same run again. */
#ifndef TESTS_UNIT_SERVER_SIMULATION_SIM_TIME_H
#define TESTS_UNIT_SERVER_SIMULATION_SIM_TIME_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define SIM_EPOCH_S 1790000000 /* when a simulation begins */

void sim_time_begin(uint64_t seed); /* back to the epoch */
void sim_time_pass(int64_t us);
int64_t sim_now_us(void); /* since the epoch */
int sim_clock(clockid_t id, struct timespec *out);
void sim_random_bytes(void *to,
		      size_t n); /* those of the program under test: a stream of their own */
unsigned sim_draw(unsigned n);   /* below n; 0 for n == 0 */

#endif
