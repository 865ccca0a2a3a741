"""zstd, which the standard library has from Python 3.14 on. Import it where it is needed: most commands don't."""

from __future__ import annotations

import sys

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["zstd"]
