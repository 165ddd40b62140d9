#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A Deployment from its creation until all of its pods are bound: controllers, scheduler, API server and store together.
. "$(dirname "$0")/common.sh"
start_allinone deployment --disable-agent
timeout 180 python3 "$(dirname "$0")/deployment.py" "$kubeconfig" "$server_pid" "${1:-2000}" "${2:-100}"
