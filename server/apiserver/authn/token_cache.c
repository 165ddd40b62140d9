/* SPDX-License-Identifier: Apache-2.0 */
/* Verified claims, dropped all at once when there are too many. */
#include <pthread.h>

#include "api/object/meta.h"
#include "base/map.h"
#include "base/mem.h"
#include "server/apiserver/authn/token_parts.h"

#define CACHE_TOKENS_MAX 4096

struct token_cache {
	pthread_mutex_t lock;
	struct map claims; /* SHA-256 of the token → json_t */
};

struct token_cache *token_cache_new(void)
{
	struct token_cache *c = NEW(struct token_cache);
	pthread_mutex_init(&c->lock, NULL);
	return c;
}

static void claims_free(void *claims)
{
	json_decref(claims);
}

void token_cache_free(struct token_cache *c)
{
	if (!c)
		return;
	map_free(&c->claims, claims_free);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* A deep copy, because jansson's counters are not for several threads. */
json_t *token_cache_find(struct token_cache *c, struct str hash)
{
	pthread_mutex_lock(&c->lock);
	json_t *found = map_get(&c->claims, hash);
	found = found ? tree_copy(found) : NULL;
	pthread_mutex_unlock(&c->lock);
	return found;
}

void token_cache_keep(struct token_cache *c, struct str hash, const json_t *claims)
{
	json_t *copy = tree_copy(claims);
	pthread_mutex_lock(&c->lock);
	if (c->claims.count >= CACHE_TOKENS_MAX) {
		map_free(&c->claims, claims_free);
		c->claims = (struct map){ 0 };
	}
	json_decref(map_put(&c->claims, hash, copy));
	pthread_mutex_unlock(&c->lock);
}
