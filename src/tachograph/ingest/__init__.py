"""Sources to store: what is new, once each, and the rejects."""
