"""What changed: which days were unusual against a project's own past, and what explains it. `docs/insights.md`."""
