#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What no client should send: the answer is a clean one, memory stays bounded (seen in /proc), and the server goes on answering.
. "$(dirname "$0")/server.sh"
command -v python3 >/dev/null || skip_all "python3 is not installed"
start_server --disable-scheduler --disable-controller-manager
timeout 300 python3 "$(dirname "$0")/bad_input.py" "127.0.0.1:$port" "$work" "$server_pid"
