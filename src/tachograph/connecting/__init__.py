"""Agents' own telemetry -> server: what stands in an agent's settings so that it sends what it counts."""
