"""Collecting metrics of many machines: what is acknowledged is kept."""
