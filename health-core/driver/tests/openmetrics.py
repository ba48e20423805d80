#!/usr/bin/env python3
"""Reads an OpenMetrics exposition from stdin with the parser of prometheus_client.

Exits with 0 if it can be read, 1 if not, and 77 if there is no parser to read it with
(pip install prometheus_client).
"""

import sys

try:
    from prometheus_client.openmetrics.parser import text_string_to_metric_families
except ImportError:
    print("prometheus_client is not installed")
    sys.exit(77)

families = list(text_string_to_metric_families(sys.stdin.read()))
kinds = {family.name: family.type for family in families}
wanted = {
    "build": "info",
    "health_status": "stateset",
    "health_component_status": "stateset",
    "health_transitions": "counter",
    "health_component_check_duration_seconds": "summary",
    "health_uptime_seconds": "gauge",
}
for name, kind in wanted.items():
    if kinds.get(name) != kind:
        sys.exit(f"{name} is {kinds.get(name)}, not {kind}")
for family in families:
    if not family.documentation:
        sys.exit(f"{family.name} has no help")
    if family.type == "stateset":
        sets = {}
        for sample in family.samples:
            labels = {k: v for k, v in sample.labels.items() if k != family.name}
            key = tuple(sorted(labels.items()))
            sets[key] = sets.get(key, 0) + sample.value
        if any(total != 1 for total in sets.values()):
            sys.exit(f"{family.name} is not in exactly one state: {sets}")
