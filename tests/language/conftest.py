"""The consoles of other tests, read here as text."""

from tests.e2e.test_cohorts_page import hall
from tests.e2e.test_console import console

__all__ = ["console", "hall"]
