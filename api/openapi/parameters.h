/* SPDX-License-Identifier: Apache-2.0 */
/* Query parameters of the operations, in tables that end with an empty row. Private to OpenAPI. */
#ifndef API_OPENAPI_PARAMETERS_H
#define API_OPENAPI_PARAMETERS_H

struct parameter {
	const char *name, *type, *doc;
};

extern const struct parameter openapi_write_parameters[], openapi_patch_parameters[],
	openapi_delete_parameters[], openapi_sweep_parameters[], openapi_list_parameters[],
	openapi_no_parameters[];

#endif
