/* SPDX-License-Identifier: Apache-2.0 */
/* What a Kubernetes object is, as tables. The generator turns api/schema/ into constant tables of these shapes; tables
 * made at run time (for a CustomResourceDefinition) can have the very same ones. Everything generic walks them: codecs, defaults,
 * strictness, patches, server-side apply, OpenAPI, Table, selectors. Immutable once published; any thread. */
#ifndef API_TYPE_H
#define API_TYPE_H

#include "base/str.h"

enum api_kind {
	API_STRING,
	API_BOOL,
	API_INT32,
	API_INT64,
	API_FLOAT64,
	API_BYTES, /* base64 in JSON */
	API_TIME,  /* metav1.Time, seconds */
	API_MICRO_TIME,
	API_DURATION, /* metav1.Duration: Go duration text */
	API_QUANTITY,
	API_INT_OR_STRING,
	API_RAW,  /* RawExtension: an object of any kind */
	API_JSON, /* any JSON value */
	API_FIELDS_V1,
	API_OBJECT,         /* message: `type` */
	API_LIST,           /* `item` */
	API_MAP,            /* string keys, values `item` */
	API_PROPS_OR_ARRAY, /* CRD schemas: one JSONSchemaProps (`type`) or a list of them */
	API_PROPS_OR_BOOL,
	API_PROPS_OR_STRINGS,
};
enum api_list_type { API_LIST_ATOMIC, API_LIST_SET, API_LIST_MAP };
enum api_patch { /* strategic merge; bits */
		 API_PATCH_REPLACE = 0,
		 API_PATCH_MERGE = 1,
		 API_PATCH_RETAIN_KEYS = 2,
		 API_PATCH_WHOLE = 4, /* "replace" said of a message: it is not merged */
};                                    /* bits */

struct api_limits { /* what a schema can say about values; any pointer may be NULL */
	const char *const *enum_values; /* that OpenAPI lists, sorted, NULL-terminated */
	const char *pattern;
	const char *format; /* OpenAPI format */
	bool has_min, has_max, exclusive_min, exclusive_max;
	double min, max;
	int64_t min_length, max_length, min_items, max_items, min_properties,
		max_properties; /* -1: none */
	double multiple_of;     /* 0: none */
	bool unique_items;
	const char *
		go_type; /* "v1.PullPolicy": how upstream calls this string in errors; NULL: string */
};

struct api_schema { /* the shape of one value */
	enum api_kind
		kind : 8; /* small: there are thousands, and relocated pages are private memory */
	enum api_list_type list_type : 8;
	bool atomic; /* map or struct applied as a whole (x-kubernetes-map-type: atomic) */
	bool nullable;
	bool preserve_unknown;  /* CRD: x-kubernetes-preserve-unknown-fields */
	bool embedded_resource; /* CRD */
	bool granular;          /* merged field by field although its type is atomic */
	bool boxed; /* API_LIST that is on the wire a message whose field 1 repeats the items */
	const struct api_type *type;     /* API_OBJECT */
	const struct api_schema *item;   /* API_LIST, API_MAP */
	const char *const *list_keys;    /* API_LIST_MAP: NULL-terminated */
	const struct api_limits *limits; /* may be NULL */
	const char *default_json;        /* default value as JSON text, or NULL */
};

struct api_field {
	const char *name;
	uint16_t name_length;
	bool required; /* OpenAPI's required */
	bool always;   /* written even when empty (Go: no omitempty, not a pointer) */
	bool pointer;  /* Go pointer: an explicit zero value is kept and written */
	bool immutable;
	bool deprecated;
	bool off;       /* of a feature that is not on: left out of what is written (off.h) */
	bool published; /* the default is in OpenAPI v3, too: a marker of the field upstream */
	uint8_t patch;  /* enum api_patch bits */
	uint16_t tag;   /* protobuf field number; 0: not on the wire */
	uint8_t via
		[2]; /* inline fields: numbers of the messages around them on the wire, outer first; 0: none */
	const char *patch_key; /* strategic merge key, or NULL */
	const char *doc;       /* one line, our words */
	struct api_schema schema;
};

struct api_group_version {
	const char *group, *version; /* "" for the core group */
	const char *prefix;          /* "core/v1": in front of the dot of type names */
	int priority;                /* order in discovery, high first; 0: serves no resources */
};

struct api_type {
	const char *name;                   /* "core/v1.PodSpec" */
	const struct api_group_version *gv; /* NULL for those of a CRD */
	const char *openapi_name;           /* "io.k8s.api.core.v1.PodSpec" */
	const char *doc;
	const struct api_field
		*fields; /* in the order that JSON is written (upstream's Go order) */
	uint16_t nfields;
	const uint16_t *by_name; /* indices sorted by name */
	const uint16_t *by_tag;  /* indices of fields with a tag in the order of the wire */
	uint16_t ntags;
	bool atomic; /* x-kubernetes-map-type: atomic on the type */
	bool preserve_unknown;
	bool typed;  /* has kind and apiVersion: the first two fields, not on the wire */
	bool hidden; /* not in OpenAPI: only inline, a review, or options */
	const char
		*inline_name; /* types of its inline fields, as errors name them: "ProbeHandler" */
	bool has_off;         /* it or what it holds has a field that is off */
	const char *unions;   /* JSON of x-kubernetes-unions, or NULL */
	const char *const *validation_rules; /* reserved place of CEL rules; NULL */
	const struct crd_rules *rules; /* of a custom resource: what its values must be, or NULL */
};

struct api_column {
	const char *name, *type, *format, *doc;
	int priority;
	const char *path; /* JSON path, or NULL when printed by `cell` code alone */
	const char *
		cell; /* named printer: "age", "names" (of `path`) or "pods.status"; NULL: the plain value */
	const char *absent; /* text for an absent value ("<none>"), or NULL */
};

struct api_subresource {
	const char *name;                   /* "status" */
	const char *group, *version, *kind; /* of its body */
	const struct api_type *type;        /* NULL for options-only ones (exec, …) */
	uint32_t verbs;
	/* Of a custom resource's scale: dotted paths of the wanted replicas, of those there are, of the selector's text (or
	 * NULL). NULL: spec.replicas, status.replicas, spec.selector. */
	const char *const *paths;
};

enum api_verb {
	API_GET = 1 << 0,
	API_LIST_VERB = 1 << 1,
	API_WATCH = 1 << 2,
	API_CREATE = 1 << 3,
	API_UPDATE = 1 << 4,
	API_PATCH = 1 << 5,
	API_DELETE = 1 << 6,
	API_DELETE_COLLECTION = 1 << 7,
	API_CONNECT = 1 << 8,
};

struct api_selectable {    /* a field selector's label */
	const char *label; /* "spec.nodeName" */
	/* Where its value is found in the stored form, a dotted path; two, "a.b,c": the first not empty; "": nowhere. */
	const char *path;
	const char *default_value; /* of an absent value, "" mostly */
};

struct api_resource {
	const char *group, *version, *kind, *list_kind;
	const char *plural, *singular;
	const char *const *short_names; /* NULL-terminated */
	const char *const *categories;
	bool namespaced;
	uint32_t verbs;
	const struct api_type *type;
	const struct api_subresource *subresources;
	size_t nsubresources;
	const struct api_column *columns;
	size_t ncolumns;
	const struct api_selectable *selectable; /* beyond metadata.name and metadata.namespace */
	size_t nselectable;
	const char *storage_hash; /* discovery's storageVersionHash */
	const char *
		storage_prefix; /* "/registry/pods/": shared by versions that store one object; upstream's keys */
	const struct api_resource *storage; /* the version that is stored (itself mostly) */
	const char *deprecation; /* the warning that users of this version hear, or NULL */
	struct crd *
		crd; /* what it was made from at run time (counted, api/crd/crd.h); NULL: built in */
};

const struct api_field *api_type_field(const struct api_type *t,
				       struct str name); /* NULL if unknown */
const struct api_field *api_type_tag(const struct api_type *t,
				     uint32_t tag); /* not those inside an inline message */

#endif
