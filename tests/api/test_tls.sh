#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# TLS as other libraries speak it: OpenSSL (s_client), curl, Go (kubectl); both versions, every suite, key updates in both directions.
. "$(dirname "$0")/server.sh"
command -v openssl >/dev/null || skip_all "openssl is not installed"
start_server

# talk TEXT [OPTIONS…]: what s_client says when that is typed, a request with an answer to be seen at its end
get=$'GET /version HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r'
talk() {
	local text=$1
	shift
	printf '%s\n' "$text" | timeout 20 openssl s_client -connect "127.0.0.1:$port" -CAfile "$work/ca" -cert "$work/crt" -key "$work/key" \
		-verify_return_error -ign_eof "$@" 2>&1
}
for suite in TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384; do
	like "openssl_$suite" "gitVersion" "$(talk "$get" -tls1_3 -ciphersuites "$suite" -quiet)"
done
for suite in ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES256-GCM-SHA384 ECDHE-ECDSA-CHACHA20-POLY1305; do
	like "openssl_$suite" "gitVersion" "$(talk "$get" -tls1_2 -cipher "$suite" -quiet)"
done
like openssl_small_records gitVersion "$(talk "$get" -tls1_3 -quiet -max_send_frag 512)"
like openssl_padded_records gitVersion "$(talk "$get" -tls1_3 -quiet -record_padding 4096 2>&1)"
like openssl_without_middlebox_mode gitVersion "$(talk "$get" -tls1_3 -quiet -no_middlebox)"
same plain_old_versions_are_refused "" "$(talk "$get" -tls1_1 -quiet -cipher 'ALL:@SECLEVEL=0' | grep gitVersion)"

# update KEYS: one letter a time goes to s_client, then a request; K is a key update that wants one back, k one that doesn't
update() {
	local key sent=0 in out=$work/said end=$((SECONDS + 20))
	mkfifo "$work/in"
	openssl s_client -connect "127.0.0.1:$port" -CAfile "$work/ca" -tls1_3 -msg <"$work/in" >"$out" 2>&1 &
	exec {in}>"$work/in"
	for key in "$@"; do
		until grep -q '^---' "$out" && [ "$(grep -c '>>> .*KeyUpdate' "$out")" = $sent ] || [ $SECONDS -gt $end ]; do :; done
		echo "$key" >&$in
		sent=$((sent + 1))
	done
	until [ "$(grep -c '>>> .*KeyUpdate' "$out")" = $sent ] || [ $SECONDS -gt $end ]; do :; done
	printf '%s\n' "$get" >&$in
	until grep -q gitVersion "$out" || [ $SECONDS -gt $end ]; do :; done
	exec {in}>&-
	wait $!
	rm "$work/in"
}
update K
same key_update_is_answered 1 "$(grep -c '<<< .*KeyUpdate' "$work/said")"
like key_update_is_followed gitVersion "$(cat "$work/said")"
update k k K k K
like key_updates_in_a_row gitVersion "$(cat "$work/said")"
like key_updates_in_a_row_are_answered '^[12]$' "$(grep -c '<<< .*KeyUpdate' "$work/said")"

# a session is resumed, and never with a certificate forgotten
talk "$get" -tls1_3 -sess_out "$work/session" >/dev/null
like resumed_session gitVersion "$(talk "$get" -tls1_3 -quiet -sess_in "$work/session")"

# bulk both ways
head -c 700000 /dev/urandom | base64 -w 0 >"$work/bulk"
jq -Rn --rawfile b "$work/bulk" '{apiVersion: "v1", kind: "ConfigMap", metadata: {name: "bulk"}, data: {b: $b}}' >"$work/map"
for version in 1.2 1.3; do
	api DELETE /api/v1/namespaces/default/configmaps/bulk >/dev/null
	api POST /api/v1/namespaces/default/configmaps -H 'Content-Type: application/json' -d "@$work/map" --tls-max $version >/dev/null
	same "curl_$version" "201 $(sha256sum <"$work/bulk")" "$(code) $(api GET /api/v1/namespaces/default/configmaps/bulk --tls-max $version | jq -j .data.b | sha256sum)"
done
same kubectl_bulk "$(sha256sum <"$work/bulk")" "$(kubectl get configmap bulk -o jsonpath='{.data.b}' | sha256sum)"

# what no record can be: an alert, and the end
python3 - "$port" >"$work/alerts" <<'P'
import socket, ssl, sys
for name, wire in ("garbage", b"\x17\x03\x03\x00\x20" + bytes(32)), ("overlong", b"\x17\x03\x03\x41\x01"), ("unprotected", b"\x16\x03\x03\x00\x04\x01\0\0\0"):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    raw = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    fd = raw.dup()
    s = context.wrap_socket(raw)
    s.sendall(b"GET /version HTTP/1.1\r\nHost: a\r\n\r\n")
    s.recv(1 << 16)
    fd.sendall(wire)
    s.settimeout(10)
    try:
        left = s.recv(1 << 16)
        print(name, "end" if not left else "data")
    except ssl.SSLError as e:
        print(name, e.reason)
P
like forged_record 'garbage SSLV3_ALERT_BAD_RECORD_MAC' "$(cat "$work/alerts")"
like overlong_record 'overlong TLSV1_ALERT_RECORD_OVERFLOW' "$(cat "$work/alerts")"
like unprotected_record 'unprotected SSLV3_ALERT_UNEXPECTED_MESSAGE' "$(cat "$work/alerts")"
like server_lives ok "$(curl -sk "$url/readyz")"
