/* SPDX-License-Identifier: Apache-2.0 */
/* PriorityLevelConfigurations. Follows upstream's pkg/apis/flowcontrol/validation. */
#include <math.h>

#include "api/object/meta.h"
#include "api/validation/flow_fixed.h"
#include "api/validation/flow_parts.h"
#include "api/validation/kinds.h"

#define QUEUES_MAX    10000000
#define HASH_BITS_MAX 60

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

static int64_t number(const json_t *object, const char *name)
{
	return tree_int(json_object_get(object, name), 0);
}

/* Bits of a hash that deal a hand from a deck of so many queues: log2 of deck!/(deck-hand)!. */
static double entropy_bits(int64_t deck, int64_t hand)
{
	double bits = 0;
	for (int64_t i = 0; i < hand; i++)
		bits += log2((double)(deck - i));
	return ceil(bits);
}

static void check_queuing(struct check *c, const json_t *queuing)
{
	int64_t length = number(queuing, "queueLengthLimit"), queues = number(queuing, "queues"),
		hand = number(queuing, "handSize");
	size_t was = check_in(c, "queuing");
	if (length <= 0)
		check_invalid_number(c, "queueLengthLimit", length, "must be positive");
	if (queues <= 0)
		check_invalid_number(c, "queues", queues, "must be positive");
	else if (queues > QUEUES_MAX)
		check_invalid_number(c, "queues", queues, "must not be greater than %d",
				     QUEUES_MAX);
	if (hand <= 0)
		check_invalid_number(c, "handSize", hand, "must be positive");
	else if (hand > queues)
		check_invalid_number(c, "handSize", hand,
				     "should not be greater than queues (%lld)", (long long)queues);
	else if (hand > HASH_BITS_MAX || entropy_bits(queues, hand) > HASH_BITS_MAX)
		check_invalid_number(c, "handSize", hand,
				     "required entropy bits of deckSize %lld and handSize %lld "
				     "should not be greater than %d",
				     (long long)queues, (long long)hand, HASH_BITS_MAX);
	check_out(c, was);
}

static void check_limit_response(struct check *c, const json_t *limited)
{
	static const char *const types[] = { "Queue", "Reject", NULL };
	const json_t *response = json_object_get(limited, "limitResponse"),
		     *queuing = json_object_get(response, "queuing");
	struct str type = field(response, "type");
	size_t was = check_in(c, "limitResponse");
	check_one_of(c, response, "type", types, false);
	if (str_eqz(type, "Queue") && queuing)
		check_queuing(c, queuing);
	check_out(c, was);
}

static void check_shares(struct check *c, const json_t *level)
{
	const json_t *lendable = json_object_get(level, "lendablePercent");
	int64_t shares = number(level, "nominalConcurrencyShares"),
		percent = number(level, "lendablePercent");
	if (shares < 0)
		check_invalid_number(c, "nominalConcurrencyShares", shares,
				     "must be a non-negative integer");
	if (json_object_get(level, "limitResponse"))
		check_limit_response(c, level);
	if (lendable && (percent < 0 || percent > 100))
		check_invalid_number(c, "lendablePercent", percent,
				     "must be between 0 and 100, inclusive");
	if (number(level, "borrowingLimitPercent") < 0)
		check_invalid_number(c, "borrowingLimitPercent",
				     number(level, "borrowingLimitPercent"),
				     "if specified, must be a non-negative integer");
}

static void check_level(struct check *c, const json_t *spec)
{
	const json_t *limited = json_object_get(spec, "limited"),
		     *exempt = json_object_get(spec, "exempt");
	bool is_exempt = str_eqz(field(spec, "type"), "Exempt");
	size_t was = check_in(c, is_exempt ? "exempt" : "limited");
	const json_t *own = is_exempt ? exempt : limited;
	if (own)
		check_shares(c, own);
	check_out(c, was);
}

/* Which of a union's members may be there. */
static void check_member(struct check *c, const json_t *of, const char *name, bool wanted)
{
	const json_t *member = json_object_get(of, name);
	if (member && !wanted)
		check_forbidden(c, name, "%s", "");
	if (!member && wanted)
		check_required(c, name, "%s", "");
}

static void check_level_declared(struct check *c, const json_t *spec)
{
	const json_t *limited = json_object_get(spec, "limited"),
		     *response = json_object_get(limited, "limitResponse");
	struct str type = field(spec, "type"), answer = field(response, "type");
	if (!str_eqz(type, "Exempt"))
		check_member(c, spec, "exempt", false);
	check_member(c, spec, "limited", str_eqz(type, "Limited"));
	if (type.n == 0)
		check_required(c, "type", "%s", "");
	if (!limited)
		return;
	size_t was = check_in(c, "limited.limitResponse");
	check_member(c, response, "queuing", str_eqz(answer, "Queue"));
	if (answer.n == 0)
		check_required(c, "type", "%s", "");
	check_out(c, was);
}

void validate_priority_level(struct check *c, const json_t *level)
{
	static const char *const types[] = { "Exempt", "Limited", NULL };
	static const char zero[] = "flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares";
	const json_t *spec = json_object_get(level, "spec");
	bool exempt = str_eqz(meta_name(level), "exempt");
	if (json_object_get(meta_annotations(level), zero))
		check_forbidden(c, "metadata.annotations", "annotation '%s' is forbidden", zero);
	size_t was = check_in(c, "spec");
	if (exempt != str_eqz(field(spec, "type"), "Exempt"))
		check_invalid_text(c, "type", field(spec, "type"),
				   "must be 'Exempt' if and only if `name` is 'exempt'");
	if (str_in(field(spec, "type"), types))
		check_level(c, spec);
	else
		check_one_of(c, spec, "type", types, false);
	CHECK_DECLARED(c, check_level_declared(c, spec));
	check_out(c, was);
	check_fixed_spec(c, level, flow_fixed("prioritylevelconfigurations", meta_name(level)),
			 exempt ? "exempt" : NULL);
	check_flow_conditions(c, level);
}
