"""A server with a made-up history."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from server.made_up import history
from server.served import Served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Shared by the tests of a module: they only ask."""
    made = Served(tmp_path_factory.mktemp("home"))
    made.load(history())
    yield made
    made.tenants.close()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Served]:
    """A server of the test's own, in whose folder there is nothing."""
    made = Served(tmp_path)
    yield made
    made.tenants.close()
