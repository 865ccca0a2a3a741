"""Whatever may stand in an agent's JSON file of settings."""

from __future__ import annotations

from hypothesis import strategies as st

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text('abé"\\', max_size=4), below, max_size=3),
    max_leaves=8,
)
