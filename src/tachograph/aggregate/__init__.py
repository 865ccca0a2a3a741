"""Question to result: windows, filters, measures, groupings."""
