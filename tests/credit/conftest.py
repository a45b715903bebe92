"""Every test of credit may be the opener too."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.credit import village


@pytest.fixture
def opener(tmp_path: Path) -> Iterator[None]:
    """Give this process the opener's key for the length of a test."""
    with village.opener_key(tmp_path):
        yield
