#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The way to a node: the API server finds the kubelet in the Node's status, shows its own client certificate and checks the node's
# name. The kubelet is played by openssl, which serves files.
. "$(dirname "$0")/server.sh"
command -v openssl >/dev/null || skip_all "openssl is not installed"
start_server
eventually kubectl get serviceaccount default
tls=$work/data/server/tls
node_port=$(API_PORT_FIRST=17160 free_port)

# certificate NAME SAN: as the server issues them to nodes
certificate() {
	openssl ecparam -name prime256v1 -genkey -noout -out "$work/$1.key"
	openssl req -new -key "$work/$1.key" -subj "/CN=$1" | openssl x509 -req -CA "$tls/server-ca.crt" -CAkey "$tls/server-ca.key" -CAcreateserial \
		-CAserial "$work/serial" -days 2 -extfile <(printf 'extendedKeyUsage=serverAuth\nsubjectAltName=DNS:%s\n' "$2") -out "$work/$1.crt" 2>/dev/null
}
kubelet_pid=""
kubelet() { # CERTIFICATE: files below $work/node are its answers
	[ -z "$kubelet_pid" ] || { kill "$kubelet_pid"; wait "$kubelet_pid" 2>/dev/null; }
	(cd "$work/node" && exec openssl s_server -HTTP -accept "127.0.0.1:$node_port" -cert "$work/$1.crt" -key "$work/$1.key" -CAfile "$tls/client-ca.crt" \
		-Verify 2 -verify_return_error >"$work/kubelet" 2>&1) &
	kubelet_pid=$!
	until (exec 3<>"/dev/tcp/127.0.0.1/$node_port") 2>/dev/null; do :; done
}
stop_kubelet() { kill "$kubelet_pid" 2>/dev/null; cleanup; }
trap stop_kubelet EXIT

mkdir -p "$work/node/containerLogs/default/p"
printf 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n' >"$work/node/containerLogs/default/p/c"
printf 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok' >"$work/node/healthz"
send POST /api/v1/nodes "{\"metadata\":{\"name\":\"n1\"},\"status\":{\"addresses\":[{\"type\":\"InternalIP\",\"address\":\"127.0.0.1\"}],
	\"daemonEndpoints\":{\"kubeletEndpoint\":{\"Port\":$node_port}}}}" >/dev/null
send POST /api/v1/namespaces/default/pods '{"metadata":{"name":"p"},"spec":{"nodeName":"n1","containers":[{"name":"c","image":"i"}]}}' >/dev/null
same a_pod_on_a_node 201 "$(code)"

api GET /api/v1/namespaces/default/pods/p/log >/dev/null
same a_node_that_is_down 503 "$(code)"
certificate good n1
kubelet good
same logs_come_through 'hello' "$(kubectl logs p)"
same the_nodes_own_pages ok "$(kubectl get --raw /api/v1/nodes/n1/proxy/healthz)"
like the_node_saw_who_asks 'system:kube-apiserver' "$(cat "$work/kubelet")"
same and_by_the_kubelets_port ok "$(kubectl get --raw "/api/v1/nodes/https:n1:$node_port/proxy/healthz")"
same others_may_not 403 "$(anonymous /api/v1/nodes/n1/proxy/healthz)"
node_says() { api GET "/api/v1/nodes/$1/proxy/healthz" | jq -r .message; }
same another_port_is_not_the_kubelets "address not allowed" "$(node_says "https:n1:$port")"
same a_node_by_an_unknown_scheme 'invalid node request "ftp:n1:80"' "$(node_says ftp:n1:80)"
same a_port_of_a_node_is_a_number 'invalid node request "n1:x"' "$(node_says n1:x)"
# whoever may write a pod's status sends the server to no port of its own
reached() { # ADDRESS
	kubectl patch pod p --subresource=status --type=merge -p "{\"status\":{\"podIP\":\"$1\",\"podIPs\":[{\"ip\":\"$1\"}]}}" >/dev/null
	api GET "/api/v1/namespaces/default/pods/https:p:$node_port/proxy/healthz" | jq -r .message
}
same its_own_ports_are_no_pods "address not allowed" "$(reached 127.0.0.1)"
same nor_by_another_spelling "address not allowed" "$(reached 0:0:0:0:0:0:0:1)"
same nor_its_neighbours_services "address not allowed" "$(reached 169.254.169.254)"
certificate evil n2
kubelet evil
api GET /api/v1/namespaces/default/pods/p/log >/dev/null
same another_nodes_certificate_is_refused 503 "$(code)"
