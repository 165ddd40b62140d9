/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/network/service_sets.h"

static const uint8_t
	front4[] = { NFT_TYPE_IPV4, NFT_TYPE_PROTOCOL, NFT_TYPE_PORT, 0 },
	front6[] = { NFT_TYPE_IPV6, NFT_TYPE_PROTOCOL, NFT_TYPE_PORT, 0 },
	number4[] = { NFT_TYPE_IPV4, NFT_TYPE_PROTOCOL, NFT_TYPE_PORT, NFT_TYPE_NUMBER, 0 },
	number6[] = { NFT_TYPE_IPV6, NFT_TYPE_PROTOCOL, NFT_TYPE_PORT, NFT_TYPE_NUMBER, 0 },
	target4[] = { NFT_TYPE_IPV4, NFT_TYPE_PORT, 0 },
	target6[] = { NFT_TYPE_IPV6, NFT_TYPE_PORT, 0 },
	member4[] = { NFT_TYPE_IPV4,     NFT_TYPE_PORT, NFT_TYPE_IPV4,
		      NFT_TYPE_PROTOCOL, NFT_TYPE_PORT, 0 },
	member6[] = { NFT_TYPE_IPV6,     NFT_TYPE_PORT, NFT_TYPE_IPV6,
		      NFT_TYPE_PROTOCOL, NFT_TYPE_PORT, 0 },
	client4[] = { NFT_TYPE_IPV4, NFT_TYPE_PORT, NFT_TYPE_IPV4, NFT_TYPE_PROTOCOL, 0 },
	client6[] = { NFT_TYPE_IPV6, NFT_TYPE_PORT, NFT_TYPE_IPV6, NFT_TYPE_PROTOCOL, 0 },
	source4[] = { NFT_TYPE_IPV4, NFT_TYPE_PROTOCOL, NFT_TYPE_PORT, NFT_TYPE_IPV4, 0 },
	source6[] = { NFT_TYPE_IPV6, NFT_TYPE_PROTOCOL, NFT_TYPE_PORT, NFT_TYPE_IPV6, 0 },
	address4[] = { NFT_TYPE_IPV4, 0 }, address6[] = { NFT_TYPE_IPV6, 0 };

static const struct nft_set sets[SERVICE_KERNEL_SETS][2] = {
	[SERVICE_FRONTS] = { { .name = "fronts4", .key = front4, .verdicts = true },
			     { .name = "fronts6", .key = front6, .verdicts = true } },
	[SERVICE_BACKENDS] = { { .name = "backends4", .key = number4, .data = target4 },
			       { .name = "backends6", .key = number6, .data = target6 } },
	[SERVICE_STICKY] = { { .name = "sticky4", .key = front4, .data = target4 },
			     { .name = "sticky6", .key = front6, .data = target6 } },
	[SERVICE_MEMBERS] = { { .name = "members4", .key = member4 },
			      { .name = "members6", .key = member6 } },
	[SERVICE_REFUSED] = { { .name = "refused4", .key = front4, .verdicts = true },
			      { .name = "refused6", .key = front6, .verdicts = true } },
	[SERVICE_CLUSTER_IPS] = { { .name = "clusterips4", .key = address4 },
				  { .name = "clusterips6", .key = address6 } },
	[SERVICE_GUARDED] = { { .name = "guarded4", .key = front4 },
			      { .name = "guarded6", .key = front6 } },
	[SERVICE_SOURCES] = { { .name = "sources4", .key = source4, .ranges = true },
			      { .name = "sources6", .key = source6, .ranges = true } },
};
/* Where clients are that stay with a backend. */
static const struct nft_set clients[2] = {
	{ .name = "clients4", .key = client4, .data = target4, .dynamic = true },
	{ .name = "clients6", .key = client6, .data = target6, .dynamic = true },
};

const struct nft_set *service_set(enum service_set set, bool v6)
{
	return &sets[set][v6];
}

const struct nft_set *service_clients(bool v6)
{
	return &clients[v6];
}

void service_sets_add(struct nft_batch *t)
{
	for (size_t i = 0; i < SERVICE_KERNEL_SETS; i++)
		for (size_t v6 = 0; v6 < 2; v6++)
			nft_set_add(t, &sets[i][v6]);
	for (size_t v6 = 0; v6 < 2; v6++)
		nft_set_add(t, &clients[v6]);
}

unsigned service_front_register(bool v6)
{
	return v6 ? 5 : 2;
}

unsigned service_port_register(bool v6)
{
	return SERVICE_BACKEND_REGISTER + (v6 ? 4 : 1);
}

unsigned service_number_register(bool v6)
{
	return service_front_register(v6) + (v6 ? 6 : 3);
}

int service_family(bool v6)
{
	return v6 ? AF_INET6 : AF_INET;
}

void service_load_client(struct nft_batch *t, bool v6)
{
	unsigned at = service_front_register(v6), address = v6 ? 4 : 1;
	nft_look_up(t, service_set(SERVICE_STICKY, v6)->name, at, at);
	nft_load_source(t, service_family(v6), at + address + 1);
	nft_load_protocol(t, at + 2 * address + 1);
}

void service_load_front(struct nft_batch *t, bool v6, bool node)
{
	unsigned at = service_front_register(v6), address = v6 ? 4 : 1;
	if (node)
		nft_load_zeros(t, at, v6 ? 16 : 4);
	else
		nft_load_destination(t, service_family(v6), at);
	nft_load_protocol(t, at + address);
	nft_load_dport(t, at + address + 1);
}
