"""The server: a way in for metrics, and answers over HTTP."""
