"""Numbers that stand for the names of requests."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph import columns
from tachograph.columns import request_number


@given(name=st.text(st.characters(codec="utf-8")))
@pytest.mark.parametrize("is_hash", [True, False])
def test_the_number_of_a_request_is_that_of_its_bytes(name: str, *, is_hash: bool) -> None:
    """On machines where Python's hash of a number is another, it is divided."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(columns, "_IS_HASH", is_hash and columns._IS_HASH)
        assert request_number(name) == int.from_bytes(name.encode(), "big") % (2**61 - 1)
