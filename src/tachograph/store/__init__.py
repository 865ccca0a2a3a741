"""Rows: the DuckDB file, its schema and its SQL. Nothing here knows agents."""
