"""A digest of bytes. From Python's own BLAKE2 alone: `hashlib` loads OpenSSL too, which takes 2 ms of every command."""

from __future__ import annotations

try:
    from _blake2 import blake2b
except ImportError:  # a build of Python that keeps it elsewhere
    from hashlib import blake2b


def digest(data: bytes, size: int) -> str:
    """So many bytes of digest, as hexadecimal digits."""
    return blake2b(data, digest_size=size).hexdigest()
