/* SPDX-License-Identifier: Apache-2.0 */
/* Users of an image: "user", "uid", "user:group", "uid:gid". The files are the image's own, so they are opened below its root
 * and read with a limit. */
#include <fcntl.h>
#include <stdio.h>

#include "agent/runtime/oci_config.h"
#include "agent/runtime/root_path.h"
#include "base/file.h"
#include "base/mem.h"

#define FILE_MAX (4 * 1024 * 1024)

static void read_in_root(int root, const char *path, struct buf *out)
{
	auto_fd int fd = root_open(root, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0)
		fd_read_all(fd, FILE_MAX, out, NULL);
}

struct row {
	struct str field[7];
};

/* Rows of passwd and group: fields between colons. */
static bool next_row(struct str *rest, struct row *out)
{
	struct str line;
	if (!str_next(rest, '\n', &line))
		return false;
	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < COUNT_OF(out->field); i++)
		if (!str_next(&line, ':', &out->field[i]))
			break;
	return true;
}

static bool is_id(struct str s, int64_t *out)
{
	return s.n > 0 && s.p[0] >= '0' && s.p[0] <= '9' && str_to_i64(s, out) &&
	       *out <= UINT32_MAX;
}

/* By name, or by number when the name is one. *name becomes the entry's name. */
static bool find_user(struct str passwd, struct str *name, int64_t *uid, int64_t *gid)
{
	struct row row;
	int64_t number = -1;
	bool numeric = is_id(*name, &number);
	while (next_row(&passwd, &row)) {
		int64_t id, group;
		if (!is_id(row.field[2], &id) || !is_id(row.field[3], &group))
			continue;
		if (!str_eq(row.field[0], *name) && !(numeric && id == number))
			continue;
		*name = row.field[0];
		*uid = id;
		*gid = group;
		return true;
	}
	if (numeric) {
		*name = (struct str){ 0 };
		*uid = number;
	}
	return numeric;
}

static bool find_group(struct str groups, struct str name, int64_t *gid)
{
	struct row row;
	while (next_row(&groups, &row))
		if (str_eq(row.field[0], name) && is_id(row.field[2], gid))
			return true;
	return is_id(name, gid);
}

static void add_group(struct oci_user *u, int64_t gid)
{
	for (size_t i = 0; i < u->ngroups; i++)
		if (u->groups[i] == gid)
			return;
	if (u->ngroups < COUNT_OF(u->groups))
		u->groups[u->ngroups++] = gid;
}

static void add_memberships(struct oci_user *u, struct str groups, struct str name)
{
	struct row row;
	while (name.n && next_row(&groups, &row)) {
		struct str members = row.field[3], member;
		int64_t gid;
		if (!is_id(row.field[2], &gid))
			continue;
		while (str_next(&members, ',', &member))
			if (str_eq(str_trim(member), name))
				add_group(u, gid);
	}
}

struct container_user *container_user_new(int64_t uid, int64_t gid, const int64_t *groups,
					  size_t ngroups)
{
	struct container_user *u = mem_alloc(sizeof(*u) + ngroups * sizeof(u->groups[0]));
	u->uid = uid;
	u->gid = gid;
	u->ngroups = ngroups;
	for (size_t i = 0; i < ngroups; i++)
		u->groups[i] = groups ? groups[i] : 0;
	return u;
}

int oci_user_resolve(int rootfs_fd, const struct container_spec *s, const char *image_user,
		     struct oci_user *out, struct err *err)
{
	auto_buf passwd = { 0 };
	auto_buf groups = { 0 };
	struct oci_user u = { 0 };
	char number[24];
	read_in_root(rootfs_fd, "etc/passwd", &passwd);
	read_in_root(rootfs_fd, "etc/group", &groups);
	struct str rest = str_from(s->run_as_user < 0 && image_user ? image_user : ""),
		   name = { 0 }, group = { 0 };
	str_next(&rest, ':', &name);
	group = rest;
	if (s->run_as_user >= 0) {
		snprintf(number, sizeof(number), "%lld", (long long)s->run_as_user);
		name = str_from(number);
	} else if (name.n == 0) {
		name = STR("0");
	}
	if (!find_user(buf_view(&passwd), &name, &u.uid, &u.gid))
		return err_set(err, ERR_INVALID,
			       "unable to find user %.*s: no matching entries in passwd file",
			       STR_ARG(name));
	if (group.n && !find_group(buf_view(&groups), group, &u.gid))
		return err_set(err, ERR_INVALID,
			       "unable to find group %.*s: no matching entries in group file",
			       STR_ARG(group));
	if (s->run_as_group >= 0)
		u.gid = s->run_as_group;
	add_group(&u, u.gid);
	if (!s->strict_groups)
		add_memberships(&u, buf_view(&groups), name);
	for (size_t i = 0; i < s->nsupplemental_groups; i++)
		add_group(&u, s->supplemental_groups[i]);
	if (s->run_as_non_root && u.uid == 0)
		return err_set(err, ERR_INVALID,
			       "container has runAsNonRoot and image will run as root");
	*out = u;
	return 0;
}
