"""Agents' hooks -> a log: what is noted of an event, the log of the notes, and the entries in an agent's settings."""
