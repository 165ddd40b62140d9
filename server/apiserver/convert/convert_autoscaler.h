/* SPDX-License-Identifier: Apache-2.0 */
/* Autoscalers between autoscaling/v1 and v2. What v1 has no field for travels in annotations, in the form that upstream gave
 * them, so that nothing is lost on the way there and back. Trees of the caller; any thread. */
#ifndef SERVER_APISERVER_CONVERT_CONVERT_AUTOSCALER_H
#define SERVER_APISERVER_CONVERT_CONVERT_AUTOSCALER_H

#include <jansson.h>

void autoscaler_to_v2(json_t *tree); /* in place */
void autoscaler_to_v1(json_t *tree);

#endif
