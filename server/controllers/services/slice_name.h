/* SPDX-License-Identifier: Apache-2.0 */
/* Names of EndpointSlices. They look as if the API server had drawn them (OWNER-x7k2p), and are the same each time that they are
 * reckoned, so that a slice written twice is one slice. */
#ifndef SERVER_CONTROLLERS_SERVICES_SLICE_NAME_H
#define SERVER_CONTROLLERS_SERVICES_SLICE_NAME_H

#include "base/arena.h"
#include "generated/api_structs.h"

/* `identity`: which of its owner's slices it is. In the arena. */
struct str slice_name(struct arena *arena, const struct meta_v1_object_meta *owner,
		      struct str identity);

#endif
