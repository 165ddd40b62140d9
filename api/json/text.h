/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of JSON strings. Private to the reader; what callers use of it stands in json_reader.h. */
#ifndef API_JSON_TEXT_H
#define API_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Length of the UTF-8 sequence at p, 0 if it is none (overlong, surrogate, cut off, above U+10FFFF). */
size_t text_utf8_length(const unsigned char *p, size_t left);
bool text_hex4(const char *p, const char *end, unsigned *out); /* four hexadecimal digits */

#endif
