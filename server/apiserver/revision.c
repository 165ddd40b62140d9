/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/revision.h"

#include "api/validation/validation.h"
#include "server/apiserver/server.h"

int revision_parse(struct api_request *r, struct str text, int64_t *out, struct err *err)
{
	uint64_t v = 0;
	(void)r;
	if (text.n && (!str_to_u64(text, &v) || v > INT64_MAX))
		return err_set(err, ERR_UNKNOWN,
			       "resourceVersion: Invalid value: \"%.*s\": strconv.ParseUint: "
			       "parsing \"%.*s\": invalid syntax",
			       STR_ARG(text), STR_ARG(text));
	*out = (int64_t)v;
	return 0;
}

int revision_reached(struct api_request *r, int64_t wanted, struct err *err)
{
	int64_t now = cache_set_revision(r->server->caches);
	if (wanted <= now)
		return 0;
	err_set(err, ERR_TIMEOUT, "Timeout: Too large resource version: %lld, current: %lld",
		(long long)wanted, (long long)now);
	err_cause(err, "ResourceVersionTooLarge", NULL, "Too large resource version");
	if (err)
		err->retry_after_s = 1;
	return -ERR_TIMEOUT;
}

static int forbidden(struct err *err, const char *field, const char *text)
{
	err_cause(err, "FieldValueForbidden", field, "Forbidden: %s", text);
	return validate_finish("ListOptions", "meta.k8s.io", STR(""), err);
}

static int watch_list_check(const struct request_options *o, bool watch, struct err *err)
{
	if (!o->has_send_initial_events)
		return 0;
	if (!watch)
		return forbidden(err, "sendInitialEvents",
				 "sendInitialEvents is forbidden for list");
	if (o->resource_version_match.n == 0)
		return forbidden(
			err, "resourceVersionMatch",
			"sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
	if (!str_eqz(o->resource_version_match, "NotOlderThan"))
		return forbidden(
			err, "resourceVersionMatch",
			"sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
	return 0;
}

static int options_check(const struct request_options *o, bool watch, struct err *err)
{
	struct str match = o->resource_version_match;
	int r = watch_list_check(o, watch, err);
	if (r < 0 || match.n == 0)
		return r;
	if (watch && !o->has_send_initial_events)
		return forbidden(err, "resourceVersionMatch",
				 "resourceVersionMatch is forbidden for watch unless "
				 "sendInitialEvents is provided");
	if (watch)
		return 0;
	if (o->continue_token.n)
		return forbidden(err, "resourceVersionMatch",
				 "resourceVersionMatch is forbidden when continue is provided");
	if (o->resource_version.n == 0)
		return forbidden(
			err, "resourceVersionMatch",
			"resourceVersionMatch is forbidden unless resourceVersion is provided");
	if (!str_eqz(match, "Exact") && !str_eqz(match, "NotOlderThan")) {
		err_cause(err, "FieldValueNotSupported", "resourceVersionMatch",
			  "Unsupported value: \"%.*s\": supported values: \"Exact\", "
			  "\"NotOlderThan\", \"\"",
			  STR_ARG(match));
		return validate_finish("ListOptions", "meta.k8s.io", STR(""), err);
	}
	if (str_eqz(match, "Exact") && str_eqz(o->resource_version, "0"))
		return forbidden(
			err, "resourceVersionMatch",
			"resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
	return 0;
}

int revision_options_check(struct api_request *r, bool watch, struct err *err)
{
	int e = options_check(&r->opt, watch, err);
	if (e < 0)
		request_about(r, "meta.k8s.io", "ListOptions", STR(""));
	return e;
}
