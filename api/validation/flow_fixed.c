/* SPDX-License-Identifier: Apache-2.0 */
#include "api/validation/flow_fixed.h"

#include "base/mem.h"

static const struct {
	const char *plural, *name, *spec;
} fixed[] = {
	{ "prioritylevelconfigurations", "catch-all",
	  "{\"type\":\"Limited\",\"limited\":{\"nominalConcurrencyShares\":5,\"limitResponse\":{"
	  "\"type\":\"Reject\"},\"lendablePercent\":0}}" },
	{ "prioritylevelconfigurations", "exempt",
	  "{\"type\":\"Exempt\",\"exempt\":{\"nominalConcurrencyShares\":0,\"lendablePercent\":0}"
	  "}" },
	{ "flowschemas", "catch-all",
	  "{\"priorityLevelConfiguration\":{\"name\":\"catch-all\"},\"matchingPrecedence\":10000,"
	  "\"distinguisherMethod\":{\"type\":\"ByUser\"},\"rules\":[{\"subjects\":[{\"kind\":"
	  "\"Group\",\"group\":{\"name\":\"system:unauthenticated\"}},{\"kind\":\"Group\","
	  "\"group\":{\"name\":\"system:authenticated\"}}],\"resourceRules\":[{\"verbs\":[\"*\"],"
	  "\"apiGroups\":[\"*\"],\"resources\":[\"*\"],\"clusterScope\":true,\"namespaces\":[\"*\"]"
	  "}],\"nonResourceRules\":[{\"verbs\":[\"*\"],\"nonResourceURLs\":[\"*\"]}]}]}" },
	{ "flowschemas", "exempt",
	  "{\"priorityLevelConfiguration\":{\"name\":\"exempt\"},\"matchingPrecedence\":1,"
	  "\"rules\":[{\"subjects\":[{\"kind\":\"Group\",\"group\":{\"name\":\"system:masters\"}}],"
	  "\"resourceRules\":[{\"verbs\":[\"*\"],\"apiGroups\":[\"*\"],\"resources\":[\"*\"],"
	  "\"clusterScope\":true,\"namespaces\":[\"*\"]}],\"nonResourceRules\":[{\"verbs\":[\"*\"],"
	  "\"nonResourceURLs\":[\"*\"]}]}]}" },
};

const char *flow_fixed(const char *plural, struct str name)
{
	for (size_t i = 0; i < COUNT_OF(fixed); i++)
		if (!strcmp(plural, fixed[i].plural) && str_eqz(name, fixed[i].name))
			return fixed[i].spec;
	return NULL;
}
