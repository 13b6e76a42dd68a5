"""What all tests share: repeatable property tests, and PyTorch where it is installed."""

import time
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest
from hypothesis import is_hypothesis_test, settings

from tests.garbage import garbage

# The same examples on every run, and no deadline: a slow machine is not a wrong gradient.
settings.register_profile("book", derandomize=True, deadline=None, database=None)
# Other examples on every run, with what it takes to see a failure again: `make fuzz`.
settings.register_profile(
    "fuzz", settings.get_profile("book"), derandomize=False, print_blob=True, report_multiple_bugs=False
)
settings.load_profile("book")

FUZZ_SECONDS = 45.0


def pytest_addoption(parser: pytest.Parser) -> None:
    """Pictures that were meant to change are stored anew."""
    parser.addoption(
        "--store", action="store_true", help="store the pictures as they are drawn now; git shows what changed"
    )


@pytest.fixture
def stored(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a picture, byte for byte, with the file of this name in the folder `stored` beside the test."""

    def compare(name: str, picture: str) -> None:
        path = request.path.parent / "stored" / name
        if request.config.getoption("--store"):
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(picture.encode())
        if not path.exists() or path.read_bytes() != picture.encode():
            pytest.fail(f"{path} holds another picture; if the new one is right, run pytest --store and look at both")

    return compare


@pytest.fixture(scope="session")
def torch() -> ModuleType:
    """PyTorch, or a skipped test where it is not installed: the library does without it."""
    return pytest.importorskip("torch")


@pytest.fixture(scope="session", autouse=True)
def _garbage() -> Iterator[None]:
    """What nobody has written must not be read, so throughout the suite new memory is full of garbage."""
    with garbage():
        yield


@pytest.fixture(params=["arrays", "floats"])
def backend(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run what `vectorize` compiles on arrays, and on floats."""
    from tests.compiler.eager import by

    with by(request.param):
        yield


clock = pytest.StashKey[tuple[float, int]]()  # when to end, and how many tests are still to come


@pytest.hookimpl(trylast=True)  # when all that was not chosen is gone
def pytest_collection_modifyitems(session: pytest.Session, items: list[pytest.Item]) -> None:
    """Under the profile "fuzz", start the clock."""
    session.stash[clock] = time.monotonic() + FUZZ_SECONDS, len(items)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Under the profile "fuzz", repeat each property test for its share of the time that is left."""
    if settings.get_current_profile_name() != "fuzz":
        return None
    end, waiting = pyfuncitem.session.stash[clock]
    pyfuncitem.session.stash[clock] = end, waiting - 1
    now = time.monotonic()
    if now > end:
        pytest.skip("the time is up")
    if not is_hypothesis_test(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    while time.monotonic() < now + (end - now) / waiting:
        pyfuncitem.obj(**arguments)
    return True
