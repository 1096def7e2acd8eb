"""What a subscription calls things, asked once and remembered: types, campaigns, lengths."""

from collections.abc import Mapping, Sequence

from domain.errors import RequestError
from tools.marketo.client import MarketoClient
from tools.marketo.envelope import VENDOR


class Catalog:
    """Names to ids. A name that isn't known is looked up again, since admins add things."""

    def __init__(self, client: MarketoClient) -> None:
        self._client = client
        self._types: dict[str, int] = {}
        self._campaigns: dict[str, int] = {}
        self._lengths: dict[str, int] | None = None

    def type_ids(self, names: Sequence[str]) -> dict[int, str]:
        """The activity types with these names, by id; ids vary per subscription.

        Raises:
            RequestError: there is no such type.
        """
        if not self._types.keys() >= set(names):
            self._types = {one.name: one.id for one in self._client.activity_types()}
        missing = sorted(set(names) - self._types.keys())
        if missing:
            raise RequestError(VENDOR, f"there is no activity type named {', '.join(missing)}")
        return {self._types[name]: name for name in names}

    def campaign_id(self, name: str) -> int:
        """The active trigger campaign with this name.

        Raises:
            RequestError: there is none, or several.
        """
        if name not in self._campaigns:
            active = [
                one.id
                for one in self._client.campaigns([name])
                if one.active and one.kind == "trigger"
            ]
            if len(active) != 1:
                count = "no" if not active else str(len(active))
                detail = f"there are {count} active trigger campaigns named {name!r}"
                raise RequestError(VENDOR, detail)
            self._campaigns[name] = active[0]
        return self._campaigns[name]

    def forget_campaign(self, campaign: int) -> None:
        """Look a campaign up again: an admin may have replaced it by another of its name."""
        self._campaigns = {name: one for name, one in self._campaigns.items() if one != campaign}

    def lengths(self) -> Mapping[str, int]:
        """How many characters the text fields of a person hold."""
        if self._lengths is None:
            fields = self._client.person_fields()
            self._lengths = {one.name: one.length for one in fields if one.length}
        return self._lengths
