/* SPDX-License-Identifier: Apache-2.0 */
/* What upstream finds wrong with objects of each kind: an object in, or one and what is to come after it, the fields that are complained about out,
 * in upstream's order. */
#include "tests/unit/unit.h"

#include "api/codec.h"
#include "api/object/meta.h"
#include "api/validation/validation.h"
#include "base/mem.h"
#include "tests/unit/api/trees.h"

struct row {
	const char *group, *version, *plural;
	const char *old; /* NULL: a creation */
	const char *new;
	const char *want; /* "Required:spec.a Invalid:spec.b"; "": valid */
};

static json_t *defaulted(const struct api_resource *r, const char *json)
{
	json_t *t = tree(json);
	auto_err err = { 0 };
	if (api_conform(r->type, t, NULL, &err) < 0)
		fail_msg("%s", err_text(&err));
	api_default(r->type, t);
	return t;
}

static void complaints(const struct err *err, struct buf *out)
{
	for (size_t i = 0; i < err->ncauses; i++) {
		struct str type = str_from(err->causes[i].type);
		str_cut_prefix(&type, STR("FieldValue"));
		buf_printf(out, "%s%.*s:%s", i ? " " : "", STR_ARG(type), err->causes[i].field);
	}
}

static void assert_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct api_resource *r =
			resource(rows[i].group, rows[i].version, rows[i].plural);
		json_t *new = defaulted(r, rows[i].new);
		json_t *old = rows[i].old ? defaulted(r, rows[i].old) : NULL;
		auto_err err = { 0 };
		auto_buf got = { 0 };
		int code = old ? validate_update(r, "", new, old, &err)
			       : validate_create(r, new, &err);
		complaints(&err, &got);
		if (strcmp(got.p ? got.p : "", rows[i].want))
			fail_msg("%s, row %zu: %s\nwanted: %s", rows[i].plural, i,
				 got.p ? got.p : "valid", rows[i].want);
		assert_int_equal(code, *rows[i].want ? -ERR_INVALID : 0);
		json_decref(new);
		json_decref(old);
	}
}

static void volumes_and_their_classes_are_held_to_upstreams_rules(void **state)
{
	static const struct row rows[] = {
		{ "storage.k8s.io", "v1", "csistoragecapacities", NULL,
		  "{'metadata':{'name':'web','namespace':'default'},'storageCla"
		  "ssName':'a b','nodeTopology':{'matchLabels':{'zone':'a'}},'c"
		  "apacity':'-1'}",
		  "Invalid:storageClassName Invalid:capacity" },
		{ "storage.k8s.io", "v1", "csistoragecapacities",
		  "{'metadata':{'name':'web','namespace':'default'},'storageCla"
		  "ssName':'fast','nodeTopology':{'matchLabels':{'zone':'a'}},'"
		  "capacity':'1Gi'}",
		  "{'metadata':{'name':'web','namespace':'default'},'storageCla"
		  "ssName':'a b','nodeTopology':{'matchLabels':{'zone':'a'}},'c"
		  "apacity':'1Gi'}",
		  "Invalid:storageClassName Invalid:storageClassName" },
		{ "storage.k8s.io", "v1", "csistoragecapacities",
		  "{'metadata':{'name':'web','namespace':'default'},'storageCla"
		  "ssName':'fast','nodeTopology':{'matchLabels':{'zone':'a'}},'"
		  "capacity':'1Gi'}",
		  "{'metadata':{'name':'web','namespace':'default'},'storageCla"
		  "ssName':'fast','nodeTopology':{'matchLabels':{'zone':'a'}},'"
		  "capacity':'-1'}",
		  "Invalid:capacity" },
		{ "storage.k8s.io", "v1", "csidrivers", NULL,
		  "{'metadata':{'name':'web'},'spec':{'attachRequired':true,'fs"
		  "GroupPolicy':'x','tokenRequests':[{'audience':'a'},{'audienc"
		  "e':'a'}]}}",
		  "NotSupported:spec.fsGroupPolicy Duplicate:spec.tokenRequests"
		  "[1].audience" },
		{ "storage.k8s.io", "v1", "csidrivers",
		  "{'metadata':{'name':'web'},'spec':{'attachRequired':true}}",
		  "{'metadata':{'name':'web'},'spec':{'attachRequired':false,'v"
		  "olumeLifecycleModes':['Ephemeral']}}",
		  "Invalid:spec.attachedRequired Invalid:spec.volumeLifecycleMo"
		  "des" },
		{ "storage.k8s.io", "v1", "csinodes", NULL,
		  "{'metadata':{'name':'web'},'spec':{'drivers':[{'name':'a b',"
		  "'nodeID':'','topologyKeys':['','']}]}}",
		  "Invalid:spec.drivers[0].name Required:spec.drivers[0].nodeID"
		  " Required:spec.drivers[0] Invalid:spec.drivers[0] Invalid:sp"
		  "ec.drivers[0] Duplicate:spec.drivers[0]" },
		{ "storage.k8s.io", "v1", "csinodes", NULL,
		  "{'metadata':{'name':'web'},'spec':{'drivers':[{'name':'a','no"
		  "deID':'nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
		  "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
		  "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
		  "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
		  "nnnnnnnnnnnnnnnnnnn'},{'name':'b','nodeID':'nnnnnnnnnnnnnnnnn"
		  "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
		  "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
		  "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
		  "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn'}]}"
		  "}",
		  "Invalid:spec.drivers[1].nodeID" },
		{ "storage.k8s.io", "v1", "csinodes",
		  "{'metadata':{'name':'web'},'spec':{'drivers':[{'name':'d.exa"
		  "mple.com','nodeID':'n','topologyKeys':['zone']}]}}",
		  "{'metadata':{'name':'web'},'spec':{'drivers':[{'name':'d.exa"
		  "mple.com','nodeID':'other','topologyKeys':['zone']}]}}",
		  "Invalid:spec.drivers" },
		{ "storage.k8s.io", "v1", "volumeattachments", NULL,
		  "{'metadata':{'name':'web'},'spec':{'attacher':'-x-','nodeNam"
		  "e':'n','source':{}}}",
		  "Required:spec.source Invalid:spec.attacher" },
		{ "storage.k8s.io", "v1", "volumeattachments",
		  "{'metadata':{'name':'web'},'spec':{'attacher':'d.example.com"
		  "','nodeName':'n','source':{'persistentVolumeName':'v'}}}",
		  "{'metadata':{'name':'web'},'spec':{'attacher':'-x-','nodeNam"
		  "e':'n','source':{'persistentVolumeName':'v'}}}",
		  "Invalid:spec.attacher Invalid:spec" },
		{ "storage.k8s.io", "v1", "volumeattachments",
		  "{'metadata':{'name':'web'},'spec':{'attacher':'d.example.com"
		  "','nodeName':'n','source':{'persistentVolumeName':'v'}}}",
		  "{'metadata':{'name':'web'},'spec':{}}",
		  "Required:spec.attacher Required:spec.source Invalid:spec.nod"
		  "eName Invalid:spec" },
		{ "storage.k8s.io", "v1", "volumeattributesclasses", NULL,
		  "{'metadata':{'name':'web'},'driverName':'Upper_Case!','param"
		  "eters':{}}",
		  "Invalid:driverName Required:parameters" },
		{ "storage.k8s.io", "v1", "volumeattributesclasses",
		  "{'metadata':{'name':'web'},'driverName':'d.example.com','par"
		  "ameters':{'a':'b'}}",
		  "{'metadata':{'name':'web'},'driverName':'e.example.com','par"
		  "ameters':{'a':'c'}}",
		  "Forbidden:driverName Forbidden:parameters" },
		{ "storage.k8s.io", "v1", "storageclasses", NULL,
		  "{'metadata':{'name':'web'},'provisioner':'','parameters':{'a"
		  "':'b'},'volumeBindingMode':'','reclaimPolicy':'x'}",
		  "NotSupported:reclaimPolicy NotSupported:volumeBindingMode Re"
		  "quired:provisioner" },
		{ "storage.k8s.io", "v1", "storageclasses",
		  "{'metadata':{'name':'web'},'provisioner':'example.com/p','pa"
		  "rameters':{'a':'b'}}",
		  "{'metadata':{'name':'web'},'provisioner':'x/y','parameters':"
		  "{},'reclaimPolicy':'Retain','volumeBindingMode':'WaitForFirs"
		  "tConsumer'}",
		  "Invalid:provisioner Invalid:parameters Invalid:reclaimPolicy"
		  " Invalid:volumeBindingMode" },
		{ "", "v1", "persistentvolumes", NULL,
		  "{'metadata':{'name':'web'},'spec':{'capacity':{'storage':'0'"
		  "},'accessModes':[],'local':{'path':'../a'},'nodeAffinity':{'"
		  "required':{'nodeSelectorTerms':[{'matchExpressions':[{'key':"
		  "'beta.kubernetes.io/os','operator':'In','values':['linux']}]"
		  "}]}}}}",
		  "Required:spec.accessModes Invalid:spec.capacity[storage] Inv"
		  "alid:spec.local.path" },
		{ "", "v1", "persistentvolumes",
		  "{'metadata':{'name':'web'},'spec':{'capacity':{'storage':'1G"
		  "i'},'accessModes':['ReadWriteOnce'],'local':{'path':'/a'},'n"
		  "odeAffinity':{'required':{'nodeSelectorTerms':[{'matchExpres"
		  "sions':[{'key':'beta.kubernetes.io/os','operator':'In','valu"
		  "es':['linux']}]}]}}}}",
		  "{'metadata':{'name':'web'},'spec':{'capacity':{'storage':'1G"
		  "i'},'accessModes':['ReadWriteOnce'],'local':{'path':'/a'},'n"
		  "odeAffinity':{'required':{'nodeSelectorTerms':[{'matchExpres"
		  "sions':[{'key':'kubernetes.io/os','operator':'In','values':["
		  "'linux']}]}]}}}}",
		  "" },
		{ "", "v1", "persistentvolumes",
		  "{'metadata':{'name':'web'},'spec':{'capacity':{'storage':'1G"
		  "i'},'accessModes':['ReadWriteOnce'],'local':{'path':'/a'},'n"
		  "odeAffinity':{'required':{'nodeSelectorTerms':[{'matchExpres"
		  "sions':[{'key':'beta.kubernetes.io/os','operator':'In','valu"
		  "es':['linux']}]}]}}}}",
		  "{'metadata':{'name':'web'},'spec':{'capacity':{'storage':'1G"
		  "i'},'accessModes':['ReadWriteOnce'],'local':{'path':'/a'},'n"
		  "odeAffinity':{'required':{'nodeSelectorTerms':[{'matchExpres"
		  "sions':[{'key':'kubernetes.io/arch','operator':'In','values'"
		  ":['linux']}]}]}}}}",
		  "Invalid:nodeAffinity" },
		{ "", "v1", "persistentvolumes",
		  "{'metadata':{'name':'web'},'spec':{'capacity':{'storage':'1G"
		  "i'},'accessModes':['ReadWriteOnce'],'local':{'path':'/a'},'n"
		  "odeAffinity':{'required':{'nodeSelectorTerms':[{'matchExpres"
		  "sions':[{'key':'beta.kubernetes.io/os','operator':'In','valu"
		  "es':['linux']}]}]}}}}",
		  "{'metadata':{'name':'web'},'spec':{'capacity':{'storage':'1G"
		  "i'},'accessModes':['ReadWriteOnce'],'local':{'path':'/b'},'n"
		  "odeAffinity':{'required':{'nodeSelectorTerms':[{'matchExpres"
		  "sions':[{'key':'beta.kubernetes.io/os','operator':'In','valu"
		  "es':['linux']}]}]}},'volumeMode':'Block'}}",
		  "Forbidden:spec.persistentvolumesource Invalid:volumeMode" },
		{ "", "v1", "persistentvolumeclaims", NULL,
		  "{'metadata':{'name':'web','namespace':'default'},'spec':{'ac"
		  "cessModes':['x'],'resources':{},'dataSourceRef':{'apiGroup':"
		  "'a b','kind':'K','name':''},'dataSource':{'apiGroup':'a b','"
		  "kind':'K','name':''}}}",
		  "NotSupported:spec.accessModes Required:spec.resources[storag"
		  "e] Required:spec.dataSource.name Invalid:spec.dataSource.api"
		  "Group Required:spec.dataSourceRef.name Invalid:spec.dataSour"
		  "ceRef.apiGroup" },
		{ "", "v1", "persistentvolumeclaims",
		  "{'metadata':{'name':'web','namespace':'default'},'spec':{'ac"
		  "cessModes':['ReadWriteOnce'],'resources':{'requests':{'stora"
		  "ge':'1Gi'}}}}",
		  "{'metadata':{'name':'web','namespace':'default'},'spec':{'ac"
		  "cessModes':['ReadOnlyMany'],'resources':{'requests':{'storag"
		  "e':'1Gi'}},'volumeMode':'Block'}}",
		  "Forbidden:spec Invalid:volumeMode" },
	};
	(void)state;
	assert_rows(rows, COUNT_OF(rows));
}

static void networks_are_held_to_upstreams_rules(void **state)
{
	static const struct row rows[] = {
		{ "networking.k8s.io", "v1", "ipaddresses", NULL,
		  "{'metadata':{'name':'010.1.1.1'},'spec':{'parentRef':{'resou"
		  "rce':'services','name':'','namespace':'default','group':'a b"
		  "'}}}",
		  "Invalid:metadata.name Invalid:spec.parentRef.group Required:"
		  "spec.parentRef.name" },
		{ "networking.k8s.io", "v1", "ipaddresses",
		  "{'metadata':{'name':'10.43.9.9'},'spec':{'parentRef':{'resou"
		  "rce':'services','name':'s','namespace':'default'}}}",
		  "{'metadata':{'name':'10.43.9.9'},'spec':{'parentRef':{'resou"
		  "rce':'services','name':'s','namespace':'default','group':'a "
		  "b'}}}",
		  "Invalid:spec.parentRef.group Invalid:spec.parentRef" },
		{ "networking.k8s.io", "v1", "ipaddresses",
		  "{'metadata':{'name':'10.43.9.9'},'spec':{'parentRef':{'resou"
		  "rce':'services','name':'s','namespace':'default'}}}",
		  "{'metadata':{'name':'10.43.9.9'},'spec':{}}",
		  "Required:spec.parentRef Invalid:spec.parentRef" },
		{ "networking.k8s.io", "v1", "servicecidrs", NULL,
		  "{'metadata':{'name':'web'},'spec':{'cidrs':[]}}", "Required:spec.cidrs" },
		{ "networking.k8s.io", "v1", "servicecidrs", NULL,
		  "{'metadata':{'name':'web'},'spec':{'cidrs':['10.1.0.1/16','1"
		  "0.2.0.0/16']}}",
		  "Invalid:spec.cidrs[0] Invalid:spec.cidrs" },
		{ "networking.k8s.io", "v1", "servicecidrs",
		  "{'metadata':{'name':'web'},'spec':{'cidrs':['10.1.0.0/16']}}",
		  "{'metadata':{'name':'web'},'spec':{'cidrs':['10.1.0.0/16','f"
		  "d00::/64']}}",
		  "" },
		{ "networking.k8s.io", "v1", "servicecidrs",
		  "{'metadata':{'name':'web'},'spec':{'cidrs':['10.1.0.0/16']}}",
		  "{'metadata':{'name':'web'},'spec':{'cidrs':['10.2.0.0/16']}}",
		  "Invalid:spec.cidrs[0]" },
		{ "networking.k8s.io", "v1", "ingressclasses", NULL,
		  "{'metadata':{'name':'web'},'spec':{'controller':'no path'}}",
		  "Invalid:spec.controller" },
		{ "networking.k8s.io", "v1", "ingressclasses",
		  "{'metadata':{'name':'web'},'spec':{'controller':'example.com"
		  "/c'}}",
		  "{'metadata':{'name':'web'},'spec':{'controller':''}}",
		  "Invalid:spec.controller Required:spec.controller" },
		{ "networking.k8s.io", "v1", "ingresses", NULL,
		  "{'metadata':{'name':'web','namespace':'default'},'spec':{'ru"
		  "les':[{'host':'*','http':{'paths':[{'path':'a','pathType':'x"
		  "','backend':{}}]}}]}}",
		  "Invalid:spec.rules[0].host NotSupported:spec.rules[0].http.p"
		  "aths[0].pathType Invalid:spec.rules[0].http.paths[0].backend" },
		{ "networking.k8s.io", "v1", "networkpolicies", NULL,
		  "{'metadata':{'name':'web','namespace':'default'},'spec':{'po"
		  "dSelector':{},'policyTypes':['x'],'ingress':[{'ports':[{'por"
		  "t':0,'protocol':'y'}],'from':[{}]}]}}",
		  "NotSupported:spec.ingress[0].ports[0].protocol Invalid:spec."
		  "ingress[0].ports[0].port Required:spec.ingress[0].from[0] No"
		  "tSupported:spec.policyTypes[0]" },
		{ "networking.k8s.io", "v1", "networkpolicies", NULL,
		  "{'metadata':{'name':'web','namespace':'default'},'spec':{'pod"
		  "Selector':{},'ingress':[{'ports':[{'port':5,'endPort':0,'prot"
		  "ocol':''}]}]}}",
		  "NotSupported:spec.ingress[0].ports[0].protocol Invalid:spec.i"
		  "ngress[0].ports[0].endPort Invalid:spec.ingress[0].ports[0].e"
		  "ndPort" },
		{ "networking.k8s.io", "v1", "networkpolicies", NULL,
		  "{'metadata':{'name':'web','namespace':'default'},'spec':{'podSelector':{},"
		  "'ingress':[{'ports':[{'port':'-','endPort':2}]}]}}",
		  "Invalid:spec.ingress[0].ports[0].endPort Invalid:spec.ingress[0].ports[0].port "
		  "Invalid:spec.ingress[0].ports[0].port" },
		{ "discovery.k8s.io", "v1", "endpointslices", NULL,
		  "{'metadata':{'name':'web','namespace':'default'},'addressTyp"
		  "e':'IPv6','endpoints':[{'addresses':['febf::1']},{'addresses"
		  "':['ff12::1']}]}",
		  "Invalid:endpoints[0].addresses[0] Invalid:endpoints[1].addre"
		  "sses[0]" },
		{ "", "v1", "services", NULL,
		  "{'metadata':{'name':'web','namespace':'default'},'spec':{'ty"
		  "pe':'ClusterIP','sessionAffinity':'None','ports':[{'port':80,"
		  "'protocol':'TCP','targetPort':80}],'externalIPs':['224.0.0.1'"
		  ",'0:0::1','192.0.2.1']}}",
		  "Invalid:spec.externalIPs[0] Invalid:spec.externalIPs[1]" },
		{ "discovery.k8s.io", "v1", "endpointslices", NULL,
		  "{'metadata':{'name':'web','namespace':'default'},'addressTyp"
		  "e':'x','endpoints':[{'addresses':[]}],'ports':[{'name':'A'},"
		  "{'name':'A'}]}",
		  "Invalid:ports[0].name Invalid:ports[1].name Duplicate:ports["
		  "1].name NotSupported:addressType Required:endpoints[0].addre"
		  "sses" },
		{ "discovery.k8s.io", "v1", "endpointslices",
		  "{'metadata':{'name':'web','namespace':'default'},'addressTyp"
		  "e':'IPv4','endpoints':[{'addresses':['10.1.1.1']}],'ports':["
		  "{'name':'a','port':1}]}",
		  "{'metadata':{'name':'web','namespace':'default'},'addressTyp"
		  "e':'IPv6','endpoints':[],'ports':[{'name':'a','port':1}]}",
		  "Invalid:addressType" },
	};
	(void)state;
	assert_rows(rows, COUNT_OF(rows));
}

static void devices_are_held_to_upstreams_rules(void **state)
{
	static const struct row rows[] = {
		{ "resource.k8s.io", "v1", "deviceclasses", NULL,
		  "{'metadata':{'name':'web'},'spec':{'config':[{'opaque':{'dri"
		  "ver':'a b','parameters':{}}}],'extendedResourceName':'kubern"
		  "etes.io/x'}}",
		  "Invalid:spec.config[0].opaque.driver Invalid:spec.extendedRe"
		  "sourceName" },
		{ "resource.k8s.io", "v1", "resourceclaims", NULL,
		  "{'metadata':{'name':'web','namespace':'default'},'spec':{'de"
		  "vices':{'requests':[{'name':'a b','exactly':{'deviceClassNam"
		  "e':'web'}},{'name':'one','exactly':{'deviceClassName':'A','a"
		  "llocationMode':'x'}},{'name':'two'}]}}}",
		  "Invalid:spec.devices.requests[0].name Invalid:spec.devices.r"
		  "equests[1].exactly.deviceClassName Required:spec.devices.req"
		  "uests[2] NotSupported:spec.devices.requests[1].exactly.alloc"
		  "ationMode" },
		{ "resource.k8s.io", "v1", "resourceclaims", NULL,
		  "{'metadata':{'name':'web','namespace':'default'},'spec':{'dev"
		  "ices':{'requests':[{'name':'one','exactly':{'deviceClassName'"
		  ":'web'},'firstAvailable':[{}]}]}}}",
		  "Invalid:spec.devices.requests[0] Required:spec.devices.reques"
		  "ts[0].firstAvailable[0].deviceClassName" },
		{ "resource.k8s.io", "v1", "resourceclaims",
		  "{'metadata':{'name':'web','namespace':'default'},'spec':{'de"
		  "vices':{'requests':[{'name':'one','exactly':{'deviceClassNam"
		  "e':'web'}}]}}}",
		  "{'metadata':{'name':'web','namespace':'default'},'spec':{'de"
		  "vices':{'requests':[{'name':'two','exactly':{'deviceClassNam"
		  "e':'web'}}]}}}",
		  "Invalid:spec" },
		{ "resource.k8s.io", "v1", "resourceclaimtemplates", NULL,
		  "{'metadata':{'name':'web','namespace':'default'},'spec':{'me"
		  "tadata':{'name':'x','finalizers':['a/b']},'spec':{'devices':"
		  "{'requests':[{'name':'one','exactly':{'deviceClassName':'web"
		  "'}}]}}}}",
		  "Forbidden:spec.metadata.name Forbidden:spec.metadata.finaliz"
		  "ers" },
		{ "resource.k8s.io", "v1", "resourceclaimtemplates",
		  "{'metadata':{'name':'web','namespace':'default'},'spec':{'me"
		  "tadata':{},'spec':{'devices':{'requests':[{'name':'one','exa"
		  "ctly':{'deviceClassName':'web'}}]}}}}",
		  "{'metadata':{'name':'web','namespace':'default'},'spec':{'me"
		  "tadata':{'labels':{'a':'b'}},'spec':{'devices':{'requests':["
		  "{'name':'a b','exactly':{'deviceClassName':'web'}}]}}}}",
		  "Invalid:spec.spec.devices.requests[0].name Invalid:spec" },
		{ "resource.k8s.io", "v1", "resourceslices", NULL,
		  "{'metadata':{'name':'web'},'spec':{'driver':'d.example.com',"
		  "'nodeName':'n','pool':{'name':''},'devices':[{'name':'one','"
		  "attributes':{'a':{'int':1,'bool':true},'b':{}}}]}}",
		  "Required:spec.pool.name Invalid:spec.pool.resourceSliceCount"
		  " Invalid:spec.devices[0].attributes[a] Invalid:spec.devices["
		  "0].attributes[b]" },
		{ "resource.k8s.io", "v1", "resourceslices",
		  "{'metadata':{'name':'web'},'spec':{'driver':'d.example.com',"
		  "'nodeName':'n','pool':{'name':'p','resourceSliceCount':1},'d"
		  "evices':[{'name':'one'}]}}",
		  "{'metadata':{'name':'web'},'spec':{'driver':'e.example.com',"
		  "'nodeName':'m','pool':{'name':'q','resourceSliceCount':1},'d"
		  "evices':[{'name':'one'}]}}",
		  "Invalid:spec.pool.name Invalid:spec.driver Invalid:spec.node"
		  "Name" },
	};
	(void)state;
	assert_rows(rows, COUNT_OF(rows));
}

static void other_kinds_are_held_to_upstreams_rules(void **state)
{
	static const struct row rows[] = {
		{ "node.k8s.io", "v1", "runtimeclasses",
		  "{'metadata':{'name':'web'},'handler':'h'}", "{'metadata':{'name':'web'}}",
		  "Invalid:handler Required:handler" },
		{ "node.k8s.io", "v1", "runtimeclasses",
		  "{'metadata':{'name':'web'},'handler':'h'}",
		  "{'metadata':{'name':'web'},'handler':'a b'}",
		  "Invalid:handler Invalid:handler" },
		{ "", "v1", "services", NULL,
		  "{'metadata':{'name':'web','namespace':'default'},'spec':{'ports':[{'port':1,"
		  "'appProtocol':''}]}}",
		  "Invalid:spec.ports[0].appProtocol Invalid:spec.ports[0].appProtocol" },
		{ "node.k8s.io", "v1", "runtimeclasses", NULL,
		  "{'metadata':{'name':'web'},'handler':'A','scheduling':{'node"
		  "Selector':{'-':''}}}",
		  "Invalid:scheduling.nodeSelector Invalid:handler" },
		{ "node.k8s.io", "v1", "runtimeclasses",
		  "{'metadata':{'name':'web'},'handler':'a'}",
		  "{'metadata':{'name':'web'},'handler':'b'}", "Invalid:handler" },
		{ "", "v1", "nodes", NULL,
		  "{'metadata':{'name':'web'},'spec':{'podCIDRs':['10.1.0.0/24'"
		  ",'x']}}",
		  "Invalid:spec.podCIDRs[1] InternalError:spec.podCIDRs Invalid"
		  ":spec.podCIDRs" },
		{ "", "v1", "nodes",
		  "{'metadata':{'name':'web'},'spec':{'podCIDRs':['10.1.0.0/24'"
		  "]}}",
		  "{'metadata':{'name':'web'},'spec':{'podCIDRs':['10.1.0.0/24'"
		  ",'10.2.0.0/24']}}",
		  "Invalid:spec.podCIDRs Forbidden:spec.podCIDRs" },
		{ "events.k8s.io", "v1", "events", NULL,
		  "{'metadata':{'name':'web','namespace':'default'},'regarding'"
		  ":{'kind':'Pod','namespace':'default','name':'p'},'eventTime'"
		  ":'2026-01-02T03:04:05.000000Z','reportingController':'c','re"
		  "portingInstance':'i','action':'','reason':'r','type':'x','de"
		  "precatedCount':1,'series':{'count':1}}",
		  "Required:action Invalid:series.count Required:series.lastObs"
		  "ervedTime Invalid:type Invalid:count" },
		{ "events.k8s.io", "v1", "events",
		  "{'metadata':{'name':'web','namespace':'default'},'regarding'"
		  ":{'kind':'Pod','namespace':'default','name':'p'},'eventTime'"
		  ":'2026-01-02T03:04:05.000000Z','reportingController':'c','re"
		  "portingInstance':'i','action':'a','reason':'r','type':'Norma"
		  "l'}",
		  "{'metadata':{'name':'web','namespace':'default'},'regarding'"
		  ":{'kind':'Node','namespace':'default','name':'p'},'eventTime"
		  "':'2026-01-02T03:04:05.000000Z','reportingController':'c','r"
		  "eportingInstance':'i','action':'a','reason':'s','type':'Norm"
		  "al','note':'n'}",
		  "Invalid:involvedObject Invalid:reason Invalid:message" },
		{ "", "v1", "limitranges", NULL,
		  "{'metadata':{'name':'web','namespace':'default'},'spec':{'li"
		  "mits':[{'type':'Container','max':{'cpu':'1'},'min':{'cpu':'2"
		  "'}},{'type':'Container'}]}}",
		  "Invalid:spec.limits[0].min[cpu] Invalid:spec.limits[0].defau"
		  "ltRequest[cpu] Invalid:spec.limits[0].default[cpu] Duplicate"
		  ":spec.limits[1].type" },
		{ "", "v1", "resourcequotas", NULL,
		  "{'metadata':{'name':'web','namespace':'default'},'spec':{'ha"
		  "rd':{'pods':'-1'},'scopes':['BestEffort','NotBestEff"
		  "ort']}}",
		  "Invalid:spec.hard[pods] Invalid:spec.scopes" },
		{ "policy", "v1", "poddisruptionbudgets", NULL,
		  "{'metadata':{'name':'web','namespace':'default'},'spec':{'mi"
		  "nAvailable':-1,'maxUnavailable':'101%','selector':{'matchLab"
		  "els':{'-':'a'}},'unhealthyPodEvictionPolicy':'x'}}",
		  "Invalid:spec Invalid:spec.minAvailable Invalid:spec.maxUnava"
		  "ilable Invalid:spec.selector.matchLabels NotSupported:spec.u"
		  "nhealthyPodEvictionPolicy" },
		{ "scheduling.k8s.io", "v1", "priorityclasses", NULL,
		  "{'metadata':{'name':'web'},'value':2000000000,'preemptionPol"
		  "icy':'x'}",
		  "Forbidden:value NotSupported:preemptionPolicy" },
		{ "scheduling.k8s.io", "v1", "priorityclasses",
		  "{'metadata':{'name':'web'},'value':1}", "{'metadata':{'name':'web'},'value':2}",
		  "Forbidden:value" },
		{ "coordination.k8s.io", "v1", "leases", NULL,
		  "{'metadata':{'name':'web','namespace':'default'},'spec':{'le"
		  "aseDurationSeconds':0,'leaseTransitions':-1}}",
		  "Invalid:spec.leaseDurationSeconds Invalid:spec.leaseTransiti"
		  "ons" },
		{ "rbac.authorization.k8s.io", "v1", "roles", NULL,
		  "{'metadata':{'name':'web','namespace':'default'},'rules':[{'"
		  "verbs':[],'resources':['pods'],'nonResourceURLs':['/x']}]}",
		  "Invalid:rules[0].nonResourceURLs Invalid:rules[0].nonResourc"
		  "eURLs Required:rules[0].verbs" },
		{ "rbac.authorization.k8s.io", "v1", "rolebindings", NULL,
		  "{'metadata':{'name':'web','namespace':'default'},'roleRef':{"
		  "'apiGroup':'x','kind':'y','name':''},'subjects':[{'kind':'Se"
		  "rviceAccount','name':''}]}",
		  "NotSupported:roleRef.apiGroup NotSupported:roleRef.kind Requ"
		  "ired:subjects[0].name Required:roleRef.name" },
		{ "apps", "v1", "controllerrevisions",
		  "{'metadata':{'name':'web','namespace':'default'},'revision':"
		  "1,'data':{'a':1}}",
		  "{'metadata':{'name':'web','namespace':'default'},'revision':"
		  "-1,'data':{'a':2}}",
		  "Invalid:revision Invalid:data" },
		{ "batch", "v1", "cronjobs", NULL,
		  "{'metadata':{'name':'web','namespace':'default'},'spec':{'sc"
		  "hedule':'','jobTemplate':{'spec':{'template':{'spec':{'resta"
		  "rtPolicy':'Never','containers':[{'name':'c','image':'i'}]}}}"
		  "},'concurrencyPolicy':'x'}}",
		  "NotSupported:spec.concurrencyPolicy Required:spec.schedule" },
		{ "batch", "v1", "cronjobs",
		  "{'metadata':{'name':'web','namespace':'default'},'spec':{'sc"
		  "hedule':'* * * * *','jobTemplate':{'spec':{'template':{'spec"
		  "':{'restartPolicy':'Never','containers':[{'name':'c','image'"
		  ":'i'}]}}}}}}",
		  "{'metadata':{'name':'web','namespace':'default'},'spec':{'sc"
		  "hedule':'* * * * *','jobTemplate':{'spec':{'template':{'spec"
		  "':{'restartPolicy':'Never','containers':[{'name':'c','image'"
		  ":'i'}]}}}},'timeZone':'Mars/Olympus'}}",
		  "Invalid:spec.timeZone" },
		{ "batch", "v1", "cronjobs", NULL,
		  "{'metadata':{'name':'web','namespace':'default'},'spec':{'sc"
		  "hedule':'* * * * *','jobTemplate':{'spec':{'template':{'spec"
		  "':{'restartPolicy':'Never','containers':[{'name':'c','image'"
		  ":'i'}]}}}},'timeZone':'a b'}}",
		  "Invalid:spec.timeZone" },
		{ "autoscaling", "v1", "horizontalpodautoscalers", NULL,
		  "{'metadata':{'name':'web','namespace':'default'},'spec':{'ma"
		  "xReplicas':1,'targetCPUUtilizationPercentage':-1,'scaleTarge"
		  "tRef':{'apiVersion':'apps/v1','kind':'Deployment','name':'d'"
		  "}}}",
		  "Invalid:spec.metrics[0].resource.target.averageUtilization" },
		{ "batch", "v1", "jobs",
		  "{'metadata':{'name':'web','namespace':'default'},'spec':{'tem"
		  "plate':{'metadata':{'labels':{'a':'b'}},'spec':{'restartPolic"
		  "y':'Never','containers':[{'name':'c','image':'i','termination"
		  "MessagePolicy':'File'}]}},'selector':{'matchLabels':{'a':'b'}"
		  "},'manualSelector':true}}",
		  "{'metadata':{'name':'web','namespace':'default'},'spec':{'tem"
		  "plate':{'metadata':{'labels':{'a':'b'}},'spec':{'restartPolic"
		  "y':'Never','containers':[{'name':'c','image':'i','termination"
		  "MessagePolicy':'File'}]}},'selector':{'matchLabels':{'a':'b'}"
		  "},'manualSelector':true,'podFailurePolicy':{}}}",
		  "Invalid:spec.podFailurePolicy" },
		{ "apiregistration.k8s.io", "v1", "apiservices", NULL,
		  "{'metadata':{'name':'v1.x'},'spec':{'group':'y','version':'A"
		  "','groupPriorityMinimum':0,'versionPriority':1001}}",
		  "Invalid:metadata.name Invalid:spec.version Invalid:spec.grou"
		  "pPriorityMinimum Invalid:spec.versionPriority" },
		{ "certificates.k8s.io", "v1", "certificatesigningrequests", NULL,
		  "{'metadata':{'name':'web'},'spec':{'request':'eA==','signerN"
		  "ame':'x','usages':['y']}}",
		  "Invalid:spec.request NotSupported:spec.usages[0] Invalid:spe"
		  "c.signerName" },
		{ "admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", NULL,
		  "{'metadata':{'name':'web'},'webhooks':[{'name':'a','failureP"
		  "olicy':'','matchPolicy':'x','sideEffects':'Some','admissionR"
		  "eviewVersions':['v2'],'clientConfig':{}}]}",
		  "Invalid:webhooks[0].name NotSupported:webhooks[0].failurePol"
		  "icy NotSupported:webhooks[0].matchPolicy NotSupported:webhoo"
		  "ks[0].sideEffects Required:webhooks[0].clientConfig Invalid:"
		  "webhooks[0].admissionReviewVersions" },
		{ "admissionregistration.k8s.io", "v1", "validatingadmissionpolicybindings", NULL,
		  "{'metadata':{'name':'web'},'spec':{'validationActions':['Den"
		  "y','Warn','Deny']}}",
		  "Duplicate:spec.validationActions[2] Invalid:spec.validationA"
		  "ctions Required:spec.policyName" },
		{ "flowcontrol.apiserver.k8s.io", "v1", "prioritylevelconfigurations", NULL,
		  "{'metadata':{'name':'web'},'spec':{'limited':{'limitResponse'"
		  ":{'type':'Reject'}},'exempt':{}}}",
		  "Forbidden:spec.exempt Forbidden:spec.limited Required:spec.ty"
		  "pe" },
		{ "flowcontrol.apiserver.k8s.io", "v1", "prioritylevelconfigurations", NULL,
		  "{'metadata':{'name':'web'},'spec':{'type':'Limited','limited'"
		  ":{'limitResponse':{'queuing':{'queues':1,'handSize':1,'queueL"
		  "engthLimit':1}}}}}",
		  "Forbidden:spec.limited.limitResponse.queuing Required:spec.li"
		  "mited.limitResponse.type" },
		{ "autoscaling", "v2", "horizontalpodautoscalers", NULL,
		  "{'metadata':{'name':'web','namespace':'default'},'spec':{'max"
		  "Replicas':3,'scaleTargetRef':{'apiVersion':'apps/v1','kind':'"
		  "A','name':'b'},'behavior':{'scaleUp':{'selectPolicy':''},'sca"
		  "leDown':{'policies':[]}}}}",
		  "NotSupported:spec.behavior.scaleUp.selectPolicy Required:spec"
		  ".behavior.scaleDown.policies" },
		{ "flowcontrol.apiserver.k8s.io", "v1", "flowschemas", NULL,
		  "{'metadata':{'name':'web'},'spec':{'priorityLevelConfigurati"
		  "on':{'name':''},'matchingPrecedence':0,'distinguisherMethod'"
		  ":{'type':'x'}}}",
		  "NotSupported:spec.distinguisherMethod.type Required:spec.pri"
		  "orityLevelConfiguration.name" },
		{ "storagemigration.k8s.io", "v1", "storageversionmigrations", NULL,
		  "{'metadata':{'name':'web'},'spec':{'resource':{'group':'A','"
		  "resource':''}}}",
		  "Required:spec.resource.resource Invalid:spec.resource.group" },
	};
	(void)state;
	assert_rows(rows, COUNT_OF(rows));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(volumes_and_their_classes_are_held_to_upstreams_rules),
		cmocka_unit_test(networks_are_held_to_upstreams_rules),
		cmocka_unit_test(devices_are_held_to_upstreams_rules),
		cmocka_unit_test(other_kinds_are_held_to_upstreams_rules),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
