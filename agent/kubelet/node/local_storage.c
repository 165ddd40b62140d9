/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/node/local_storage.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/kubelet/pod/pod.h"
#include "agent/kubelet/pod/qos.h"
#include "api/values/quantity.h"
#include "base/map.h"

#define STORAGE   "ephemeral-storage"
#define DEPTH_MAX 256

static int64_t limit_of(const struct core_v1_resource_requirements *r)
{
	return resource_amount(&r->limits, STORAGE);
}

static int64_t size_limit(const struct core_v1_empty_dir_volume_source *v)
{
	struct quantity q;
	if (!v->size_limit.text.n || quantity_parse(v->size_limit.text, &q, NULL) < 0)
		return 0;
	return quantity_i64(q);
}

static bool is_on_disk(const struct core_v1_empty_dir_volume_source *v)
{
	return v && !str_eqz(v->medium, "Memory") && !str_starts(v->medium, STR("HugePages"));
}

static int64_t plus(int64_t a, int64_t b)
{
	int64_t n;
	return __builtin_add_overflow(a, b, &n) ? INT64_MAX : n;
}

int64_t local_storage_limit(const struct core_v1_pod_spec *spec)
{
	int64_t sum = 0, sidecars = 0, largest = 0;
	for (size_t i = 0; i < spec->containers.n; i++)
		sum = plus(sum, limit_of(&spec->containers.items[i].resources));
	for (size_t i = 0; i < spec->init_containers.n; i++) {
		const struct core_v1_container *c = &spec->init_containers.items[i];
		int64_t one = plus(sidecars, limit_of(&c->resources));
		if (str_eqz(c->restart_policy, "Always"))
			sidecars = one;
		else if (one > largest)
			largest = one;
	}
	sum = plus(sum, sidecars);
	if (largest > sum)
		sum = largest;
	return sum ? plus(sum, resource_amount(&spec->overhead, STORAGE)) : 0;
}

bool local_storage_is_limited(const struct core_v1_pod *pod)
{
	const struct core_v1_pod_spec *spec = &pod->spec;
	for (size_t i = 0; i < spec->volumes.n; i++) {
		const struct core_v1_empty_dir_volume_source *v = spec->volumes.items[i].empty_dir;
		if (is_on_disk(v) && size_limit(v))
			return true;
	}
	return local_storage_limit(spec) > 0;
}

static void add(struct local_storage *s, struct local_part part)
{
	s->parts[s->n++] = part;
}

static void take_container(const struct pod_container *c, struct local_storage *s)
{
	struct arena *a = &s->arena;
	const struct pod *p = c->pod;
	const char *name = arena_strdup(a, str_from(c->name));
	bool stays = c->role == ROLE_MAIN || c->role == ROLE_SIDECAR;
	if (c->id[0])
		add(s, (struct local_part){ .kind = LOCAL_WRITABLE,
					    .name = name,
					    .limit = stays ? limit_of(&c->spec->resources) : 0,
					    .path = arena_printf(a, "%s/agent/containers/%s/upper",
								 p->k->config.data_dir, c->id) });
	add(s, (struct local_part){ .kind = LOCAL_LOGS,
				    .name = name,
				    .path = arena_printf(a, "%s/%s", p->log_dir, c->name) });
}

void local_storage_take(const struct pod *p, struct local_storage *out)
{
	const struct core_v1_pod_spec *spec = &p->api.spec;
	struct local_storage s = { 0 };
	s.uid = arena_strdup(&s.arena, str_from(p->uid));
	s.limit = local_storage_limit(spec);
	s.parts =
		ARENA_ARRAY(&s.arena, struct local_part, p->ncontainers * 2 + spec->volumes.n + 1);
	for (size_t i = 0; i < p->ncontainers; i++)
		take_container(p->containers[i], &s);
	for (size_t i = 0; i < spec->volumes.n; i++) {
		const struct core_v1_volume *v = &spec->volumes.items[i];
		if (!is_on_disk(v->empty_dir))
			continue;
		add(&s, (struct local_part){
				.kind = LOCAL_VOLUME,
				.name = arena_strdup(&s.arena, v->name),
				.limit = size_limit(v->empty_dir),
				.path = arena_printf(&s.arena,
						     "%s/volumes/kubernetes.io~empty-dir/%.*s",
						     p->dirs.data, STR_ARG(v->name)) });
	}
	*out = s;
}

/* --- measured --- */

struct walk {
	struct local_part *part;
	dev_t dev;
	struct map linked; /* files with several names, by inode: each counts once */
};

static void count(struct walk *w, const struct stat *st)
{
	struct str inode = str_of(&st->st_ino, sizeof(st->st_ino));
	if (S_ISREG(st->st_mode) && st->st_nlink > 1 && map_put(&w->linked, inode, w))
		return;
	w->part->bytes += (int64_t)st->st_blocks * 512;
	w->part->inodes++;
}

/* Takes the descriptor. Other file systems and links are not followed; what vanishes meanwhile counts for nothing. */
static void measure(struct walk *w, int fd, int depth)
{
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		if (fd >= 0)
			close(fd);
		return;
	}
	for (struct dirent *e; (e = readdir(d));) {
		struct stat st;
		if (str_eqz(str_from(e->d_name), ".") || str_eqz(str_from(e->d_name), "..") ||
		    fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    st.st_dev != w->dev)
			continue;
		count(w, &st);
		if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
			measure(w,
				openat(dirfd(d), e->d_name,
				       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
				depth + 1);
	}
	closedir(d);
}

void local_storage_measure(struct local_storage *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct stat st;
		struct walk w = { .part = &s->parts[i] };
		int fd = open(s->parts[i].path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0 && fstat(fd, &st) == 0) {
			w.dev = st.st_dev;
			count(&w, &st);
			measure(&w, fd, 0);
		} else if (fd >= 0) {
			close(fd);
		}
		map_free(&w.linked, NULL);
	}
}

int64_t local_storage_bytes(const struct local_storage *s)
{
	int64_t n = 0;
	for (size_t i = 0; i < s->n; i++)
		n += s->parts[i].bytes;
	return n;
}

int64_t local_storage_inodes(const struct local_storage *s)
{
	int64_t n = 0;
	for (size_t i = 0; i < s->n; i++)
		n += s->parts[i].inodes;
	return n;
}

/* --- limits --- */

static const char *text_of(int64_t bytes, struct buf *b)
{
	buf_reset(b);
	quantity_format(quantity_from_i64(bytes, QUANTITY_BINARY_SI), b);
	return b->p;
}

/* Of a container's writable layer the logs count, too. */
static int64_t with_logs(const struct local_storage *s, const struct local_part *writable)
{
	int64_t n = writable->bytes;
	for (size_t i = 0; i < s->n; i++)
		if (s->parts[i].kind == LOCAL_LOGS &&
		    str_eqz(str_from(s->parts[i].name), writable->name))
			n += s->parts[i].bytes;
	return n;
}

static bool part_exceeds(const struct local_storage *s, enum local_kind kind, struct buf *why)
{
	auto_buf text = { 0 };
	for (size_t i = 0; i < s->n; i++) {
		const struct local_part *p = &s->parts[i];
		if (p->kind != kind || !p->limit)
			continue;
		if (kind == LOCAL_VOLUME && p->bytes > p->limit) {
			buf_printf(why,
				   "Usage of EmptyDir volume \"%s\" exceeds the limit \"%s\". ",
				   p->name, text_of(p->limit, &text));
			return true;
		}
		if (kind == LOCAL_WRITABLE && with_logs(s, p) > p->limit) {
			buf_printf(why,
				   "Container %s exceeded its local ephemeral storage limit "
				   "\"%s\". ",
				   p->name, text_of(p->limit, &text));
			return true;
		}
	}
	return false;
}

bool local_storage_exceeds(const struct local_storage *s, struct buf *why)
{
	auto_buf text = { 0 };
	if (part_exceeds(s, LOCAL_VOLUME, why))
		return true;
	if (s->limit && local_storage_bytes(s) > s->limit) {
		buf_printf(why,
			   "Pod ephemeral local storage usage exceeds the total limit of "
			   "containers %s. ",
			   text_of(s->limit, &text));
		return true;
	}
	return part_exceeds(s, LOCAL_WRITABLE, why);
}
