/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "api/object/view_path.h"
#include "api/registry.h"
#include "api/table/printer.h"
#include "api/table/table.h"
#include "base/mem.h"
#include "tests/unit/api/trees.h"

#define NOW 1767225600 /* 2026-01-01T00:00:00Z */

static const struct table_options options = { .version = "v1",
					      .include = TABLE_NONE,
					      .now_s = NOW };

static struct object *object_of(const struct api_resource *r, const char *json)
{
	json_t *t = tree(json);
	char *text = json_dumps(t, JSON_COMPACT);
	auto_buf key = { 0 };
	struct object *o = NULL;
	object_key(r, STR("ns"), STR("x"), &key);
	assert_int_equal(object_new(r, buf_view(&key), str_from(text), &o, NULL), 0);
	free(text);
	json_decref(t);
	return o;
}

/* Cells of one object as JSON. */
static void assert_cells(const struct api_resource *r, const char *json, const char *want)
{
	struct object *o = object_of(r, json);
	auto_buf row = { 0 };
	table_write_row(o, &options, true, &row);
	json_t *parsed = json_loadb(row.p, row.n, 0, NULL);
	assert_non_null(parsed);
	assert_tree(json_object_get(parsed, "cells"), want);
	json_decref(parsed);
	object_unref(o);
}

static void a_pod_is_summed_up_as_upstream_does(void **state)
{
	const struct api_resource *pods = resource("", "v1", "pods");
	(void)state;
	assert_cells(
		pods,
		"{'metadata':{'name':'web','namespace':'ns','creationTimestamp':'2025-12-31T23:50:"
		"00Z'},"
		"'spec':{'nodeName':'n1','containers':[{'name':'a'},{'name':'b'}]},'status':{'"
		"phase':'Running','podIPs':[{'ip':'10.0.0.1'}],"
		"'containerStatuses':[{'name':'a','ready':true,'restartCount':2,'state':{'running':"
		"{}},"
		"'lastState':{'terminated':{'exitCode':1,'finishedAt':'2025-12-31T23:59:00Z'}}},"
		"{'name':'b','ready':false,'restartCount':0,'state':{'waiting':{'reason':'"
		"CrashLoopBackOff'}}}]}}",
		"['web','1/2','CrashLoopBackOff','2 (60s "
		"ago)','10m','10.0.0.1','n1','<none>','<none>']");
	assert_cells(
		pods,
		"{'metadata':{'name':'web','deletionTimestamp':'2026-01-01T00:00:00Z'},'spec':{'"
		"containers':[{'name':'a'}]},"
		"'status':{'phase':'Pending'}}",
		"['web','0/1','Terminating','0','<unknown>','<none>','<none>','<none>','<none>']");
	assert_cells(
		pods,
		"{'metadata':{'name':'web'},'spec':{'initContainers':[{'name':'i'},{'name':'s','"
		"restartPolicy':'Always'}],'containers':[{'name':'a'}]},"
		"'status':{'phase':'Pending','initContainerStatuses':[{'name':'i','restartCount':0,"
		"'state':{'running':{}}}]}}",
		"['web','0/2','Init:0/2','0','<unknown>','<none>','<none>','<none>','<none>']");
	assert_cells(
		pods,
		"{'metadata':{'name':'web'},'spec':{'containers':[{'name':'a'}]},'status':{'phase':"
		"'Failed',"
		"'containerStatuses':[{'name':'a','restartCount':0,'state':{'terminated':{'"
		"exitCode':137,'signal':9}}}]}}",
		"['web','0/1','Signal:9','0','<unknown>','<none>','<none>','<none>','<none>']");
}

static void nodes_services_and_events_have_their_cells(void **state)
{
	(void)state;
	assert_cells(resource("", "v1", "nodes"),
		     "{'metadata':{'name':'n1','labels':{'node-role.kubernetes.io/"
		     "worker':'','node-role.kubernetes.io/control-plane':''}},"
		     "'spec':{'unschedulable':true},'status':{'conditions':[{'type':'Ready','"
		     "status':'True'}],"
		     "'addresses':[{'type':'InternalIP','address':'10.0.0.2'}],'nodeInfo':{'"
		     "kubeletVersion':'v1.37.2','osImage':'Debian'}}}",
		     "['n1','Ready,SchedulingDisabled','control-plane,worker','<unknown>','v1.37.2'"
		     ",'10.0.0.2','<none>','Debian','<unknown>','<unknown>']");
	assert_cells(resource("", "v1", "services"),
		     "{'metadata':{'name':'s'},'spec':{'type':'NodePort','clusterIPs':['10.96.0.1']"
		     ",'selector':{'b':'2','a':'1'},"
		     "'ports':[{'port':80,'nodePort':30080,'protocol':'TCP'},{'port':53,'protocol':"
		     "'UDP'}]}}",
		     "['s','NodePort','10.96.0.1','<none>','80:30080/TCP,53/"
		     "UDP','<unknown>','a=1,b=2']");
	assert_cells(resource("", "v1", "services"),
		     "{'metadata':{'name':'s'},'spec':{'type':'LoadBalancer','ports':[]}}",
		     "['s','LoadBalancer','<none>','<pending>','<none>','<unknown>','<none>']");
	assert_cells(resource("", "v1", "events"),
		     "{'metadata':{'name':'e'},'type':'Normal','reason':'Pulled','involvedObject':{"
		     "'kind':'Pod','name':'web','fieldPath':'spec'},"
		     "'source':{'component':'kubelet','host':'n1'},'message':' done "
		     "','firstTimestamp':'2025-12-31T23:59:00Z',"
		     "'lastTimestamp':'2025-12-31T23:59:30Z','count':3}",
		     "['30s','Normal','Pulled','pod/web','spec','kubelet, n1','done','60s',3,'e']");
}

static void workloads_and_configuration_have_their_cells(void **state)
{
	(void)state;
	assert_cells(resource("apps", "v1", "deployments"),
		     "{'metadata':{'name':'d'},'spec':{'replicas':3,'selector':{'matchLabels':{'"
		     "app':'x'}},"
		     "'template':{'spec':{'containers':[{'name':'a','image':'i:1'},{'name':'b','"
		     "image':'j'}]}}},'status':{'readyReplicas':1,'updatedReplicas':2}}",
		     "['d','1/3',2,0,'<unknown>','a,b','i:1,j','app=x']");
	assert_cells(resource("batch", "v1", "jobs"),
		     "{'metadata':{'name':'j'},'spec':{'completions':2,'template':{'spec':{'"
		     "containers':[]}}},"
		     "'status':{'succeeded':2,'startTime':'2025-12-31T23:00:00Z','completionTime':'"
		     "2025-12-31T23:00:30Z',"
		     "'conditions':[{'type':'Complete','status':'True'}]}}",
		     "['j','Complete','2/2','30s','<unknown>','','','<none>']");
	assert_cells(resource("", "v1", "configmaps"),
		     "{'metadata':{'name':'c'},'data':{'a':'1','b':'2'},'binaryData':{'x':''}}",
		     "['c',3,'<unknown>']");
	assert_cells(resource("", "v1", "secrets"),
		     "{'metadata':{'name':'c'},'type':'Opaque','data':{'a':'1'}}",
		     "['c','Opaque',1,'<unknown>']");
	assert_cells(resource("", "v1", "persistentvolumeclaims"),
		     "{'metadata':{'name':'c'},'spec':{'volumeName':'v'},'status':{'phase':'Bound',"
		     "'capacity':{'storage':'1Gi'},"
		     "'accessModes':['ReadWriteMany','ReadWriteOnce']}}",
		     "['c','Bound','v','1Gi','RWO,RWX','','<unset>','<unknown>','<unset>']");
}

static void every_column_of_every_kind_prints_something_for_an_empty_object(void **state)
{
	(void)state;
	for (size_t i = 0; i < api_builtin_count; i++) {
		const struct api_resource *r = api_builtin[i];
		struct object *o = object_of(r, "{'metadata':{'name':'x'}}");
		auto_buf out = { 0 };
		for (size_t k = 0; k < r->ncolumns; k++)
			if (r->columns[k].cell && !cell_exists(r->columns[k].cell))
				fail_msg("no printer for %s", r->columns[k].cell);
		table_write(r, (const struct object *const[]){ o }, 1, NULL, &options, &out);
		json_t *t = json_loadb(out.p, out.n, 0, NULL);
		if (!t)
			fail_msg("%s: %s", r->plural, out.p);
		json_t *row = json_array_get(json_object_get(t, "rows"), 0);
		assert_int_equal(json_array_size(json_object_get(row, "cells")), r->ncolumns);
		assert_int_equal(json_array_size(json_object_get(t, "columnDefinitions")),
				 r->ncolumns);
		json_decref(t);
		object_unref(o);
	}
}

static void rows_carry_what_was_asked_for(void **state)
{
	struct object *o = object_of(resource("", "v1", "configmaps"),
				     "{'kind':'ConfigMap','apiVersion':'v1','metadata':{'name':'x',"
				     "'uid':'u'},'data':{'a':'1'}}");
	struct table_options with = options;
	struct list_meta meta = { .revision = 7, .continue_token = STR("tok"), .remaining = 3 };
	auto_buf out = { 0 };
	(void)state;
	object_seal(o, 5);
	with.include = TABLE_METADATA;
	with.no_headers = true;
	table_write(o->resource, (const struct object *const[]){ o }, 1, &meta, &with, &out);
	json_t *t = json_loadb(out.p, out.n, 0, NULL);
	assert_tree(
		t, "{'kind':'Table','apiVersion':'meta.k8s.io/"
		   "v1','metadata':{'resourceVersion':'7','continue':'tok','remainingItemCount':3},"
		   "'columnDefinitions':null,'rows':[{'cells':['x',1,'<unknown>'],'object':{'kind':"
		   "'PartialObjectMetadata',"
		   "'apiVersion':'meta.k8s.io/"
		   "v1','metadata':{'name':'x','uid':'u','resourceVersion':'5'}}}]}");
	json_decref(t);
	buf_reset(&out);
	partial_list_write((const struct object *const[]){ o }, 1, "v1", NULL, &out);
	t = json_loadb(out.p, out.n, 0, NULL);
	assert_tree(t, "{'kind':'PartialObjectMetadataList','apiVersion':'meta.k8s.io/"
		       "v1','metadata':{},'items':[{'kind':'PartialObjectMetadata',"
		       "'apiVersion':'meta.k8s.io/"
		       "v1','metadata':{'name':'x','uid':'u','resourceVersion':'5'}}]}");
	json_decref(t);
	object_unref(o);
}

static void json_paths_of_printer_columns_are_understood(void **state)
{
	static const char *const rows[][2] = {
		{ ".a.b", "1" },           { "{.a.b}", "1" },
		{ "$.l[1].n", "'y'" },     { ".l[-1].n", "'y'" },
		{ ".l[*].n", "'x'" },      { ".a['c.d']", "2" },
		{ ".a.c\\.d", "2" },       { ".l[?(@.n==\"y\")].v", "5" },
		{ ".l[?(@.v)].n", "'y'" }, { ".l[?(@.n != 'x')].n", "'y'" },
	};
	auto_buf text = { 0 };
	struct view v = { 0 };
	(void)state;
	assert_int_equal(view_load(&v,
				   STR("{\"a\":{\"b\":1,\"c.d\":2},\"l\":[{\"n\":\"x\"},{\"n\":"
				       "\"y\",\"v\":5}]}"),
				   NULL),
			 0);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		buf_reset(&text);
		buf_str(&text, at_raw(view_path(view_root(&v), rows[i][0])));
		json_t *have = json_loadb(text.p, text.n, JSON_DECODE_ANY, NULL);
		if (!have)
			fail_msg("%s gives nothing", rows[i][0]);
		assert_tree(have, rows[i][1]);
		json_decref(have);
	}
	assert_null(view_path(view_root(&v), ".a.z").v);
	assert_null(view_path(view_root(&v), ".l[7]").v);
	view_free(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pod_is_summed_up_as_upstream_does),
		cmocka_unit_test(nodes_services_and_events_have_their_cells),
		cmocka_unit_test(workloads_and_configuration_have_their_cells),
		cmocka_unit_test(every_column_of_every_kind_prints_something_for_an_empty_object),
		cmocka_unit_test(rows_carry_what_was_asked_for),
		cmocka_unit_test(json_paths_of_printer_columns_are_understood),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
