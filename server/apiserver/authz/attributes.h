/* SPDX-License-Identifier: Apache-2.0 */
/* What an authorizer is asked: who wants to do what with which resource or path. Slices are borrowed. */
#ifndef SERVER_APISERVER_AUTHZ_ATTRIBUTES_H
#define SERVER_APISERVER_AUTHZ_ATTRIBUTES_H

#include "server/apiserver/request.h"

struct authz_attributes {
	const struct api_user *user;
	struct str verb;
	bool is_resource;
	struct str group, resource, subresource, ns, name;
	struct str field_selector; /* as sent; only the authorizer of nodes looks at it */
	struct str path;           /* of what is no resource */
};

#endif
