"""Tachograph, the analytics engine for AI agents."""
