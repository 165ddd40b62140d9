#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""wait_ready.py HOST PORT SECONDS: asks /readyz over TLS until it says ok; prints the milliseconds since this program's start."""
import socket
import ssl
import sys
import time

host, port, limit = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
start = time.monotonic()
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
while time.monotonic() - start < limit:
    try:
        with socket.create_connection((host, port), timeout=5) as raw, context.wrap_socket(raw) as s:
            s.sendall(b"GET /readyz HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
            if b" 200 " in s.recv(4096).split(b"\r\n", 1)[0]:
                print("%.1f" % ((time.monotonic() - start) * 1e3))
                sys.exit(0)
    except OSError:
        pass
    time.sleep(0.001)
sys.exit("not ready after %g s" % limit)
