/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "tests/unit/api/published.h"

#include <stdio.h>

#include "base/file.h"

#define FILE_MAX_BYTES (32 << 20)

bool published_module(const char *module, char out[PUBLISHED_PATH_MAX])
{
	char line[PUBLISHED_PATH_MAX];
	*out = '\0';
	snprintf(line, sizeof line, "cd / && go mod download -json %s 2>/dev/null", module);
	FILE *p = popen(line, "r");
	while (p && fgets(line, sizeof line, p)) {
		const char *dir = strstr(line, "\"Dir\": \"");
		if (dir)
			snprintf(out, PUBLISHED_PATH_MAX, "%.*s", (int)strcspn(dir + 8, "\""),
				 dir + 8);
	}
	if (p)
		pclose(p);
	if (*out && file_exists(out))
		return true;
	print_message("%s is not to be had here (no Go, or no module proxy)\n", module);
	return false;
}

void published_text(const char *dir, const char *path, struct buf *out)
{
	char full[2 * PUBLISHED_PATH_MAX];
	snprintf(full, sizeof full, "%s/%s", dir, path);
	if (file_read(full, FILE_MAX_BYTES, out, NULL) < 0)
		fail_msg("%s cannot be read", full);
}

json_t *published_json(const char *dir, const char *path)
{
	auto_buf text = { 0 };
	json_error_t error;
	published_text(dir, path, &text);
	json_t *tree = json_loadb(text.p, text.n, JSON_ALLOW_NUL, &error);
	if (!tree)
		fail_msg("%s: %s", path, error.text);
	return tree;
}
