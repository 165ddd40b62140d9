/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_APISERVER_USER_JSON_H
#define SERVER_APISERVER_USER_JSON_H

#include "server/apiserver/request.h"

json_t *user_json(const struct api_user *u); /* authentication.k8s.io/v1 UserInfo */

#endif
