"""A plain, slow reading of the contract, to check the engine's numbers against: aggregations, and queries.

It shares no code with the engine, on purpose, and holds everything as plain dicts and lists; of a query it takes the
form in which it is asked. What a model charges it asks of genai-prices, for each request by itself.
Don't use it for speed, for files or for anything but tests.
"""

from .aggregation import TYPES, aggregate
from .attribution import attribute
from .prices import SELLERS
from .reading import METRIC_TYPES, read_lines
from .windows import window_start, windows_between

__all__ = [
    "METRIC_TYPES",
    "SELLERS",
    "TYPES",
    "aggregate",
    "attribute",
    "read_lines",
    "window_start",
    "windows_between",
]
