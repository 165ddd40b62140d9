#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# fsync_rate.py DIR: how often one thread can append 4 KiB there and wait for the disk.
import os
import sys
import time

fd = os.open(os.path.join(sys.argv[1], "fsync"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
start, n = time.monotonic(), 0
while time.monotonic() - start < 1:
    os.write(fd, bytes(4096))
    os.fdatasync(fd)
    n += 1
print(f"disk       append 4 KiB and sync {n / (time.monotonic() - start):15.0f}/s")
