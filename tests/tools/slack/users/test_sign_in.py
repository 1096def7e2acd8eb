"""Which ID tokens of Slack's count: those that were made for this sign-in, and just now."""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from domain.errors import AuthError
from tools.slack.users.sign_in import ISSUER, TEAM, USER, claims_of

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "aud": "client",
    "exp": (NOW + timedelta(minutes=5)).timestamp(),
    "nonce": "n",
    "email": "ana@meridian.example",
    TEAM: "T1",
    USER: "U1",
}


def checked(**changed: object) -> dict[str, Any]:
    """The claims of a token, where it counts."""
    claims = {name: value for name, value in (CLAIMS | changed).items() if value is not None}
    token = jwt.encode(claims, "k" * 32, algorithm="HS256")
    return claims_of(token, "client", "n", NOW)


def test_a_token_for_this_sign_in_counts() -> None:
    """With all that it claims."""
    assert CLAIMS == checked()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"iss": "https://slack.example"}, "Invalid issuer"),
        ({"aud": "another"}, "Audience doesn't match"),
        ({"exp": (NOW - timedelta(minutes=2)).timestamp()}, "too old"),
        ({"nonce": "other"}, "of another sign-in"),
        ({TEAM: None}, 'missing the "https://slack.com/team_id" claim'),
        ({USER: None}, 'missing the "https://slack.com/user_id" claim'),
        ({"email": None}, 'missing the "email" claim'),
    ],
)
def test_any_other_token_does_not(changed: dict[str, object], said: str) -> None:
    """Another issuer, another client, another browser, yesterday, or too little."""
    with pytest.raises(AuthError, match=said):
        checked(**changed)
