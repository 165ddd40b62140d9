/* SPDX-License-Identifier: Apache-2.0 */
/* The name of an image as the distribution project reads it: [DOMAIN/]PATH[:TAG][@DIGEST]. Any thread. */
#ifndef API_VALUES_IMAGE_NAME_H
#define API_VALUES_IMAGE_NAME_H

#include "base/str.h"

/* "latest" when there is neither tag nor digest; empty when there is a digest alone, or when the text is no name of an image. */
struct str image_name_tag(struct str image);

#endif
