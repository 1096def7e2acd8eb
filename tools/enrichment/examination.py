"""What `doctor` looks at in the enrichment providers."""

from collections.abc import Mapping, Sequence

from domain.errors import AuthError, QuotaError, ToolError
from domain.ports import Finding
from tools.enrichment.provider import Provider

NOBODY = "routeready-check.invalid"
"""A domain that no company has (RFC 2606): asking for it shows whether the key is accepted."""

_SECONDS = 5.0
_NAMES = {"pdl": "People Data Labs", "apollo": "Apollo", "hunter": "Hunter"}


def examine(
    providers: Sequence[Provider],
    without_key: Sequence[str],
    spent: Mapping[str, int],
    budgets: Mapping[str, int],
) -> list[Finding]:
    """One finding per provider that the policy names."""
    findings = [_examined(provider, spent, budgets) for provider in providers]
    return findings + [
        _fine(name, f"Off: {name.upper()}_API_KEY is not set.") for name in without_key
    ]


def _examined(provider: Provider, spent: Mapping[str, int], budgets: Mapping[str, int]) -> Finding:
    name = provider.source.value
    try:
        provider.company(NOBODY, _SECONDS)
    except ToolError as error:
        return _wrong(name, error)
    used = f"{spent[name]:,} of {budgets[name]:,} credits used today"
    return _fine(name, f"The key works; {used}.")


def _fine(name: str, sentence: str) -> Finding:
    return Finding(subject=_NAMES.get(name, name), ok=True, sentence=sentence)


def _wrong(name: str, error: ToolError) -> Finding:
    title = _NAMES.get(name, name)
    if isinstance(error, AuthError):
        fix = f"Copy the API key of your {title} account into {name.upper()}_API_KEY again."
    elif isinstance(error, QuotaError):
        fix = f"Buy credits from {title}, or remove it from enrichment.providers in the policy."
    else:
        fix = f"Check {name.upper()}_BASE_URL and that this machine can reach {title}."
    return Finding(subject=title, ok=False, sentence=str(error), fix=fix)
