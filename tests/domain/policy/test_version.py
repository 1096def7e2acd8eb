"""A policy's version: what it says, not how it is written nor what a release adds."""

from collections.abc import Mapping
from typing import Any

import pytest

from domain.policy.model import Policy
from domain.policy.upgrade import read_stored
from domain.values import Value, canonical_json, content_hash
from tests.support.builders import policy


class Extra(Value):
    """A part of the policy that a later release adds."""

    on: bool = True


class LaterPolicy(Policy):
    """The policy as a later release knows it: one more field, with a default."""

    extra: Extra = Extra()


def said(**changes: Any) -> Mapping[str, Any]:  # noqa: ANN401  (field values)
    """What the small policy's file says."""
    return policy(**changes).model_dump(mode="json", exclude_unset=True)


def test_a_field_that_a_release_adds_with_a_default_changes_no_version() -> None:
    """The same file has the same version under the later release; saying more is another one."""
    later = LaterPolicy.model_validate(said())
    assert policy().version == later.version
    assert later.version != LaterPolicy.model_validate({**said(), "extra": {"on": False}}).version


def test_the_order_of_keys_and_the_spelling_of_values_change_no_version() -> None:
    """An hour is 60 minutes, and 99% is 0.990, wherever it stands in the file."""
    one = policy(gate={**said()["gate"], "cool_down": "1h"}, publishing={"confidence": 0.99})
    parts = said(gate={**said()["gate"], "cool_down": "60m"}, publishing={"confidence": 0.990})
    other = Policy.model_validate({key: parts[key] for key in sorted(parts, reverse=True)})
    assert one.version == other.version


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Other"},
        {"limits": {"messages_per_day": 20_000}},
        {"queues": {**said()["queues"], "more": {"salesforce": "More", "owner": "ana@x.example"}}},
    ],
    ids=["a value", "a default that is said", "one more queue"],
)
def test_what_the_file_says_otherwise_is_another_version(changes: Mapping[str, Any]) -> None:
    """Also where a default is written down: that file says more."""
    assert policy().version != policy(**changes).version


def test_a_stored_policy_goes_under_the_version_that_it_was_given() -> None:
    """Whatever that was; and it is equal to the policy that it was written from."""
    stored = read_stored("9b43e03943f8e11e", canonical_json(policy()))
    assert ("9b43e03943f8e11e", policy()) == (stored.version, stored)


def test_a_policy_that_was_stored_by_an_earlier_release_equals_the_same_file_now() -> None:
    """The fields that it lacks have their defaults."""
    body = canonical_json(policy())
    read = LaterPolicy.model_validate_json(body).named(content_hash(body))
    assert LaterPolicy.model_validate(said()) == read


def test_a_changed_copy_has_a_version_of_its_own() -> None:
    """A plain copy keeps the name; one with other content can't go under it."""
    named = policy().named("given")
    assert "given" == named.model_copy().version
    changed = named.model_copy(update={"name": "Other"})
    assert policy(name="Other").version == changed.version
