"""What is kept for how long: the files of a metrics log, and the detail of old metrics in the store."""
