/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/registry/ports.h"

#include "base/encode.h"
#include "base/mem.h"

#define PORT_MAX 65535

int port_range_init(struct port_range *p, const char *text, struct err *err)
{
	int64_t first, last;
	struct str t = str_from(text);
	size_t dash = str_find(t, '-');
	pthread_mutex_init(&p->lock, NULL);
	if (dash == t.n || !str_to_i64(str_of(t.p, dash), &first) ||
	    !str_to_i64(str_of(t.p + dash + 1, t.n - dash - 1), &last) || first < 1 ||
	    last > PORT_MAX || first > last)
		return err_set(err, ERR_INVALID,
			       "node port range \"%s\": not FIRST-LAST with ports from 1 to 65535",
			       text);
	p->first = (int)first;
	p->last = (int)last;
	p->taken = mem_zalloc((size_t)(last - first + 1));
	return 0;
}

void port_range_free(struct port_range *p)
{
	free(TAKE(p->taken));
	pthread_mutex_destroy(&p->lock);
}

enum port_protocol port_protocol_of(struct str name)
{
	if (str_eqz(name, "UDP"))
		return PORT_UDP;
	return str_eqz(name, "SCTP") ? PORT_SCTP : PORT_TCP;
}

static bool port_mark(struct port_range *p, enum port_protocol proto, int port)
{
	unsigned char *bits = &p->taken[port - p->first], bit = (unsigned char)(1 << proto);
	if (*bits & bit)
		return false;
	*bits |= bit;
	return true;
}

int port_take_next(struct port_range *p, enum port_protocol proto, struct err *err)
{
	int n = p->last - p->first + 1, found = 0;
	int start = (int)(rand_u64() % (uint64_t)n);
	pthread_mutex_lock(&p->lock);
	for (int i = 0; i < n && !found; i++) {
		int port = p->first + (start + i) % n;
		if (port_mark(p, proto, port))
			found = port;
	}
	pthread_mutex_unlock(&p->lock);
	return found ? found
		     : err_set(err, ERR_INTERNAL, "failed to allocate a nodePort: range is full");
}

int port_take(struct port_range *p, enum port_protocol proto, int port, struct err *err)
{
	if (port < p->first || port > p->last)
		return err_set(err, ERR_INVALID,
			       "provided port is not in the valid range. The range of valid ports "
			       "is %d-%d",
			       p->first, p->last);
	pthread_mutex_lock(&p->lock);
	bool ok = port_mark(p, proto, port);
	pthread_mutex_unlock(&p->lock);
	return ok ? 0 : err_set(err, ERR_INVALID, "provided port is already allocated");
}

void port_give_back(struct port_range *p, enum port_protocol proto, int port)
{
	if (port < p->first || port > p->last)
		return;
	pthread_mutex_lock(&p->lock);
	p->taken[port - p->first] &= (unsigned char)~(1 << proto);
	pthread_mutex_unlock(&p->lock);
}
