/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/version.h"
#include "cmd/command.h"

int command_version(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	printf("allinone %s (Kubernetes %s)\n", ALLINONE_VERSION, KUBERNETES_VERSION);
	return 0;
}
