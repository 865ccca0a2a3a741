"""What may be used in a day, a week or a month, by whom and for what; and whether it was more."""
