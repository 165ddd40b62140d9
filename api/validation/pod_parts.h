/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a pod's rules, for pod.c and for kinds that hold pod templates. Paths are relative to where the check stands. */
#ifndef API_VALIDATION_POD_PARTS_H
#define API_VALIDATION_POD_PARTS_H

#include "api/validation/check.h"

struct pod_rules { /* what one pod's parts know of each other */
	const json_t *spec;
	const json_t *metadata; /* NULL in templates */
	bool is_pod;            /* not a template */
	bool has_grace;
	int64_t grace_s;
	struct map volumes; /* by name; filled by check_volumes() */
};

/* A whole pod, from its root. */
void check_pod(struct check *c, const json_t *pod);
/* The check stands at the pod's spec. */
void check_pod_spec(struct check *c, struct pod_rules *p);
/* At the template: labels, annotations, spec. */
void check_pod_template(struct check *c, const json_t *template);

void check_volumes(struct check *c, struct pod_rules *p);
void check_containers(struct check *c, const struct pod_rules *p); /* all three lists */
void check_probe(struct check *c, const json_t *container, const char *kind,
		 const struct pod_rules *p);
void check_lifecycle(struct check *c, const json_t *lifecycle, const struct pod_rules *p);
void check_env(struct check *c, const json_t *container);
void check_env_files(struct check *c,
		     const json_t *spec); /* the volumes that variables are read from */
void check_mounts(struct check *c, const json_t *container, const struct pod_rules *p);
/* At `resources`, of a container or of the pod as a whole. */
void check_resources(struct check *c, const json_t *resources, const json_t *claims, bool of_pod);
void check_pod_resources(struct check *c, const json_t *spec);
void check_pod_claims(struct check *c, const json_t *spec);
void check_os(struct check *c, const json_t *spec);
void check_windows_options(struct check *c, const json_t *context);
void check_host_process(struct check *c, const json_t *spec);
void check_security_context(struct check *c, const json_t *context, bool host_users);
void check_pod_security(struct check *c, const json_t *spec);
void check_affinity(struct check *c, const json_t *affinity);
void check_node_selector(struct check *c, const json_t *selector);
void check_tolerations(struct check *c, const json_t *tolerations);
void check_topology_spread(struct check *c, const json_t *constraints);
void check_field_ref(struct check *c, const json_t *ref, bool volume);
void check_resource_field_ref(struct check *c, const json_t *ref, bool volume);
void check_relative_path(struct check *c, const char *child,
			 struct str path); /* no "/" in front, no ".." */
void check_no_backsteps(struct check *c, const char *child, struct str path);
void check_reserved_path(struct check *c, const char *child,
			 struct str path); /* a relative path that doesn't begin with ".." */
void check_key_to_path(struct check *c, const json_t *item);
void check_downward_file(struct check *c, const json_t *file);
void check_projected(struct check *c, const json_t *source);
/* `driver` of a CSI source: any case */
void check_csi_driver(struct check *c, const json_t *source);
void check_mode(struct check *c, const json_t *parent, const char *child); /* 0 to 0777 */
void check_service_account_name(struct check *c, const char *child, struct str name);

#endif
