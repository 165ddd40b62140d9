/* SPDX-License-Identifier: Apache-2.0 */
/* Errors: a reason from Kubernetes' own list plus one line of text, so that an error made in storage/ reaches a
 * client as the right Status. Functions return 0 or the negative reason (`-ERR_NOT_FOUND`) and take `struct err *`
 * (may be NULL) as last parameter. An err is a plain value owned by whoever declared it: start with `{0}` or auto_err. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdarg.h>
#include <stddef.h>

/* name, HTTP code, metav1.StatusReason */
#define ERR_REASONS(X)                                         \
	X(INTERNAL, 500, "InternalError")                      \
	X(UNAUTHORIZED, 401, "Unauthorized")                   \
	X(FORBIDDEN, 403, "Forbidden")                         \
	X(NOT_FOUND, 404, "NotFound")                          \
	X(ALREADY_EXISTS, 409, "AlreadyExists")                \
	X(CONFLICT, 409, "Conflict")                           \
	X(GONE, 410, "Gone")                                   \
	X(EXPIRED, 410, "Expired")                             \
	X(INVALID, 422, "Invalid")                             \
	X(SERVER_TIMEOUT, 500, "ServerTimeout")                \
	X(TIMEOUT, 504, "Timeout")                             \
	X(TOO_MANY_REQUESTS, 429, "TooManyRequests")           \
	X(BAD_REQUEST, 400, "BadRequest")                      \
	X(METHOD_NOT_ALLOWED, 405, "MethodNotAllowed")         \
	X(NOT_ACCEPTABLE, 406, "NotAcceptable")                \
	X(TOO_LARGE, 413, "RequestEntityTooLarge")             \
	X(UNSUPPORTED_MEDIA_TYPE, 415, "UnsupportedMediaType") \
	X(UNAVAILABLE, 503, "ServiceUnavailable")              \
	X(UNKNOWN, 500, "") /* metav1.StatusReasonUnknown: a plain error of upstream's */

enum err_reason {
	ERR_NONE,
#define ERR_ENUM(name, code, text) ERR_##name,
	ERR_REASONS(ERR_ENUM)
#undef ERR_ENUM
};

/* One metav1.StatusCause. All three are owned by the err. */
struct err_cause {
	char *type; /* "FieldValueRequired", ... (metav1.CauseType) */
	char *message;
	char *field; /* "spec.containers[0].name", or NULL */
};

struct err {
	enum err_reason reason;
	int code;   /* HTTP code when it differs from the reason's own, else 0 */
	char *text; /* one line, no newline at its end; NULL when reason is ERR_NONE */
	struct err_cause *causes;
	size_t ncauses;
	size_t causes_bytes; /* of their texts */
	int retry_after_s;   /* 0: none */
};

#define auto_err __attribute__((cleanup(err_clear))) struct err

void err_clear(struct err *err);                     /* back to {0}; NULL is fine */
int err_code(const struct err *err);                 /* HTTP code */
const char *err_text(const struct err *err);         /* never NULL */
const char *err_reason_text(enum err_reason reason); /* "NotFound" */
int err_reason_code(enum err_reason reason);
enum err_reason err_reason_from_text(const char *text, size_t n); /* ERR_NONE if unknown */

/* Set and return -reason, in one line: `return err_set(err, ERR_NOT_FOUND, "pods \"%s\" not found", name);`
 * An earlier text is replaced. */
int err_set(struct err *err, enum err_reason reason, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int err_vset(struct err *err, enum err_reason reason, const char *fmt, va_list ap);
/* ERR_INTERNAL with ": strerror(errno)" appended. */
int err_sys(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Prefix what we were doing: "read manifest X: <old text>". Returns r, the code of the failure being wrapped. */
int err_wrap(struct err *err, int r, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Add a cause (field error). Does not set the reason. Once their texts are more than ERR_CAUSES_BYTES, further ones are not told: a client
 * chooses how many there are, and how long their paths. */
#define ERR_CAUSES_BYTES (1u << 20)
void err_cause(struct err *err, const char *type, const char *field, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void err_move(struct err *to, struct err *from); /* `from` becomes {0} */
void err_copy(struct err *to, const struct err *from);

#endif
