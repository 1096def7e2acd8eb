"""Keys that were renamed: found by where they stand, and read for ever where they are stored."""

import json
from typing import Any

import pytest

from domain.policy.follow_through import DEFAULT_LADDER
from domain.policy.upgrade import Json, new_path, old_keys, read_stored, upgraded
from domain.values import canonical_json
from tests.support.builders import policy
from tests.support.old_policies import RENAMED, as_stored_before, with_old_keys


def plain(**changes: Any) -> Any:  # noqa: ANN401  (field values)
    """The small policy as plain values, with everything that has a default."""
    return json.loads(canonical_json(policy(**changes)))


def test_every_old_key_of_a_stored_policy_is_renamed() -> None:
    """With a ladder in a segment too; what comes out is the policy that was stored."""
    ladder = [one.model_dump(mode="json") for one in DEFAULT_LADDER]
    segments = [{**one, "ladder": ladder} for one in plain()["segments"]]
    whole = policy(segments=segments)
    old = with_old_keys(json.loads(canonical_json(whole)))
    names = {str(path[-1]) for path in old_keys(old)}
    assert set(RENAMED.values()) == names
    assert json.loads(canonical_json(whole)) == upgraded(old)
    assert whole == read_stored("old", as_stored_before(whole))


@pytest.mark.parametrize(
    ("document", "found"),
    [
        ({"queues": {"answers": {"salesforce": "A", "answers": "x"}}}, ("queues", "answers")),
        ({"gate": {"keep": "1d"}}, None),
        ({"queues": "answers"}, None),
        ([], None),
        (None, None),
    ],
    ids=["a queue with the name of an old key", "elsewhere", "a text", "a list", "nothing"],
)
def test_an_old_key_is_one_by_where_it_stands(document: Json, found: tuple[str] | None) -> None:
    """The same word is a name elsewhere, and what is no policy has none."""
    expected = [] if found is None else [(*found, "answers")]
    assert expected == old_keys(document)


def test_an_old_key_stays_where_the_new_one_is_given_too() -> None:
    """Which of them is meant is not ours to say."""
    both: Json = {"alerts": {"missed": 5, "missed_leads": 6}}
    assert both == upgraded(both)


def test_a_path_is_told_as_it_is_now() -> None:
    """So that a complaint about today's key finds the old one's line."""
    path = ("segments", 0, "ladder", 2, "may", 1)
    assert ("segments", 0, "ladder", 2, "model_options", 1) == new_path(path)
