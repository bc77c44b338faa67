import pytest

from bot.policy.loader import load, packaged


@pytest.fixture(scope="session")
def zhengzhou():
    return load(packaged("zhengzhou"))


@pytest.fixture(scope="session")
def example():
    return load(packaged("example"))
