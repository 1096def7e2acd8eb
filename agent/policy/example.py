"""The example policy: a made-up company's, which the demo and the evals run on."""

from pathlib import Path

_INSTALLED = Path(__file__).parent / "example_files" / "policy.yaml"
_CHECKOUT = Path(__file__).parents[2] / "policy.yaml"


def example_policy() -> Path:
    """The example's `policy.yaml`, with its `territories.csv` beside it.

    A wheel carries a copy (see `pyproject.toml`); in a checkout it is the one at the top.
    """
    return _INSTALLED if _INSTALLED.exists() else _CHECKOUT
