# SPDX-License-Identifier: Apache-2.0
"""What both schedulers are asked: every written case, and drawn ones. The vocabulary is in shapes.py."""
import affinity_cases
import event_cases
import preemption_cases
import volume_cases
import written
from drawn import drawn  # noqa: F401

WRITTEN = written.CASES + affinity_cases.CASES + volume_cases.CASES + preemption_cases.CASES + event_cases.CASES
