/* SPDX-License-Identifier: Apache-2.0 */
/* Cells of volumes, claims, classes and drivers. */
#include "api/table/printer_cells.h"

void cell_volumes_status(struct cell *c)
{
	if (!at_empty(at_path(c->root, "metadata.deletionTimestamp")))
		cell_puts(c, "Terminating");
	else
		at_text(at_path(c->root, "status.phase"), &c->text);
}

void cell_volumes_storageclass(struct cell *c)
{
	struct at old = at_get(at_path(c->root, "metadata.annotations"),
			       "volume.beta.kubernetes.io/storage-class");
	at_text(old.v ? old : at_path(c->root, "spec.storageClassName"), &c->text);
}

void cell_persistentvolumes_claim(struct cell *c)
{
	struct at claim = at_path(c->root, "spec.claimRef");
	if (!claim.v)
		return;
	at_text(at_get(claim, "namespace"), &c->text);
	cell_puts(c, "/");
	at_text(at_get(claim, "name"), &c->text);
}

static bool is_bound(struct cell *c)
{
	return !at_empty(at_path(c->root, "spec.volumeName"));
}

void cell_persistentvolumeclaims_capacity(struct cell *c)
{
	if (is_bound(c))
		cell_or(c, at_path(c->root, "status.capacity.storage"), "0");
}

void cell_access_modes(struct cell *c)
{
	static const char *const modes[][2] = { { "ReadWriteOnce", "RWO" },
						{ "ReadOnlyMany", "ROX" },
						{ "ReadWriteMany", "RWX" },
						{ "ReadWriteOncePod", "RWOP" } };
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		AT_EACH(c->value, it)
	if (at_eq(it, modes[i][0])) {
		cell_puts(c, c->text.n ? "," : "");
		cell_puts(c, modes[i][1]);
		break;
	}
}

void cell_persistentvolumeclaims_access_modes(struct cell *c)
{
	c->value = at_path(c->root, "status.accessModes");
	if (is_bound(c))
		cell_access_modes(c);
}

void cell_storageclasses_name(struct cell *c)
{
	struct at annotations = at_path(c->root, "metadata.annotations");
	at_text(at_path(c->root, "metadata.name"), &c->text);
	if (at_eq(at_get(annotations, "storageclass.kubernetes.io/is-default-class"), "true") ||
	    at_eq(at_get(annotations, "storageclass.beta.kubernetes.io/is-default-class"), "true"))
		cell_puts(c, " (default)");
}

void cell_csidrivers_tokenrequests(struct cell *c)
{
	struct at requests = at_path(c->root, "spec.tokenRequests");
	size_t n = 0;
	AT_EACH(requests, it)
	{
		cell_puts(c, n++ ? "," : "");
		at_text(at_get(it, "audience"), &c->text);
	}
	if (!requests.v)
		cell_puts(c, "<unset>");
}
