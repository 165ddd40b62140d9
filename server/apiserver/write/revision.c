/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/write/revision.h"

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

static void forbidden(struct err *err, const char *field, const char *text)
{
	err_cause(err, "FieldValueForbidden", field, "Forbidden: %s", text);
}

static void unsupported_match(struct err *err, struct str match, const char *supported)
{
	err_cause(err, "FieldValueNotSupported", "resourceVersionMatch",
		  "Unsupported value: \"%.*s\": supported values: %s", STR_ARG(match), supported);
}

/* A watch from any revision begins with what there is, as if sendInitialEvents and NotOlderThan had been asked for. */
static bool starts_with_all(const struct request_options *o)
{
	return !o->has_send_initial_events &&
	       (o->resource_version.n == 0 || str_eqz(o->resource_version, "0"));
}

static void watch_options_check(const struct request_options *o, struct err *err)
{
	static const char field[] = "resourceVersionMatch";
	struct str match = o->resource_version_match;
	bool not_older = str_eqz(match, "NotOlderThan");
	if (o->has_send_initial_events && !not_older)
		forbidden(err, field,
			  "sendInitialEvents requires setting resourceVersionMatch to "
			  "NotOlderThan");
	if (match.n && !o->has_send_initial_events)
		forbidden(err, field,
			  "resourceVersionMatch is forbidden for watch unless sendInitialEvents "
			  "is provided");
	if (match.n && !not_older)
		unsupported_match(err, match, "\"NotOlderThan\"");
	if ((match.n || starts_with_all(o)) && o->continue_token.n)
		forbidden(err, field,
			  "resourceVersionMatch is forbidden when continue is provided");
}

static void list_options_check(const struct request_options *o, struct err *err)
{
	static const char field[] = "resourceVersionMatch";
	struct str match = o->resource_version_match;
	bool exact = str_eqz(match, "Exact");
	if (match.n && o->resource_version.n == 0)
		forbidden(err, field,
			  "resourceVersionMatch is forbidden unless resourceVersion is provided");
	if (match.n && o->continue_token.n)
		forbidden(err, field,
			  "resourceVersionMatch is forbidden when continue is provided");
	if (match.n && !exact && !str_eqz(match, "NotOlderThan"))
		unsupported_match(err, match, "\"Exact\", \"NotOlderThan\", \"\"");
	if (exact && str_eqz(o->resource_version, "0"))
		forbidden(err, field,
			  "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
	if (o->has_send_initial_events)
		forbidden(err, "sendInitialEvents", "sendInitialEvents is forbidden for list");
}

int revision_options_check(struct api_request *r, bool watch, struct err *err)
{
	if (watch)
		watch_options_check(&r->opt, err);
	else
		list_options_check(&r->opt, err);
	int e = err->ncauses ? validate_finish("ListOptions", "meta.k8s.io", STR(""), err) : 0;
	if (e < 0)
		request_about(r, "meta.k8s.io", "ListOptions", STR(""));
	return e;
}
