"""What the tests of runs share."""

import pytest

from support.killing.warm_process import keep_warm_process


@pytest.fixture(scope="session")
def warm_process():
    """A process that forks commands which are already warm."""
    with keep_warm_process() as warm_process:
        yield warm_process
