"""What the tests of runs share."""

import pytest

from support.killing.warm_process import keep_zygote


@pytest.fixture(scope="session")
def zygote():
    """A process that forks commands which are already warm."""
    with keep_zygote() as zygote:
        yield zygote
