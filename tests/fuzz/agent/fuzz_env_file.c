/* SPDX-License-Identifier: Apache-2.0 */
/* What a container wrote as a file of variables gives a value or an error, and a value lies in the arena. */
#include <stdlib.h>

#include "agent/kubelet/pod/env_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	auto_arena arena = { 0 };
	auto_err err = { 0 };
	struct str value = { 0 };
	if (env_file_value(str_of((const char *)data, n), STR("A"), &arena, &value, &err) == 0 &&
	    value.p && value.n > n)
		abort(); /* nothing of it is written twice */
	return 0;
}
