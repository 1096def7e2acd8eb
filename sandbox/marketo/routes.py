"""Where each endpoint is, and what a role must be allowed to call it."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import NamedTuple

from sandbox.http.message import Response
from sandbox.marketo.access import usage
from sandbox.marketo.access.call import Call
from sandbox.marketo.activities import activities, activity_types
from sandbox.marketo.bulk import exports, imports
from sandbox.marketo.bulk.import_rows import LEADS, MEMBERS, OBJECTS
from sandbox.marketo.campaigns import smart_campaigns
from sandbox.marketo.leads import lead_fields, lead_query, lead_writes, merge
from sandbox.marketo.lists import smart_lists, static_lists
from sandbox.marketo.objects import named_account_lists, objects
from sandbox.marketo.programs import acquisition, program_assets, programs

Endpoint = Callable[[Call], Response]


class Route(NamedTuple):
    """One endpoint."""

    method: str
    path: str
    """`{id}` is a number, `{name}` any word, `{bulk}` what is extracted, `{export}` a job's id."""
    group: str
    """What the permission is about, such as `Lead`; empty where none is needed."""
    run: Endpoint


_BLANKS = {
    "{id}": r"(\d+)",
    "{name}": r"([^/]+)",
    "{bulk}": r"(leads|activities|program/members|customobjects/[^/]+)",
    "{export}": r"([0-9a-f-]{36})",
}
_BLANK = re.compile(r"\{\w+\}")

_LEADS: tuple[tuple[str, str, Endpoint], ...] = (
    ("GET", "lead/{id}", lead_query.one),
    ("GET", "leads", lead_query.by_filter),
    ("POST", "leads", lead_writes.sync),
    ("DELETE", "leads", lead_writes.delete),
    ("POST", "leads/delete", lead_writes.delete),
    ("POST", "leads/push", acquisition.push),
    ("POST", "leads/submitForm", acquisition.submit_form),
    ("POST", "leads/{id}/associate", lead_writes.associate),
    ("POST", "leads/{id}/merge", merge.merge),
    ("GET", "leads/describe", lead_fields.describe),
    ("GET", "leads/describe2", lead_fields.describe2),
    ("GET", "leads/schema/fields", lead_fields.fields),
    ("POST", "leads/schema/fields", lead_fields.create),
    ("GET", "leads/schema/fields/{name}", lead_fields.one),
    ("POST", "leads/schema/fields/{name}", lead_fields.update),
    ("GET", "leads/partitions", lead_query.partitions),
    ("POST", "leads/partitions", lead_writes.update_partitions),
    ("GET", "leads/{id}/listMembership", static_lists.memberships),
    ("GET", "leads/{id}/programMembership", programs.memberships),
    ("GET", "leads/{id}/smartCampaignMembership", smart_campaigns.memberships),
    ("GET", "leads/programs/{id}", programs.leads_of),
    ("POST", "leads/programs/{id}/status", programs.change_status),
    ("GET", "programs/{id}/members", programs.members),
    ("POST", "programs/{id}/members", programs.sync_members),
    ("POST", "programs/{id}/members/status", programs.sync_status),
    ("POST", "programs/{id}/members/delete", programs.delete_members),
    ("GET", "programs/members/describe", programs.describe),
    ("GET", "program/members/describe", programs.describe_older),
    ("GET", "programs/members/schema/fields", programs.schema_fields),
    ("POST", "programs/members/schema/fields", programs.create_fields),
    ("GET", "programs/members/schema/fields/{name}", programs.schema_one),
    ("POST", "programs/members/schema/fields/{name}", programs.update_field),
    ("GET", "lists", static_lists.lists),
    ("GET", "lists/{id}", static_lists.one),
    ("GET", "list/{id}/leads", static_lists.members),
    ("GET", "lists/{id}/leads", static_lists.members),
    ("POST", "lists/{id}/leads", static_lists.add_members),
    ("DELETE", "lists/{id}/leads", static_lists.remove_members),
    ("GET", "lists/{id}/leads/ismember", static_lists.are_members),
)
_ACTIVITIES: tuple[tuple[str, str, Endpoint], ...] = (
    ("GET", "activities", activities.activities),
    ("GET", "activities/pagingtoken", activities.paging_token),
    ("GET", "activities/leadchanges", activities.changes),
    ("GET", "activities/deletedleads", activities.deleted),
    ("GET", "activities/types", activities.types),
    ("POST", "activities/external", activities.add_custom),
)
_ACTIVITY_TYPES: tuple[tuple[str, str, Endpoint], ...] = (
    ("GET", "activities/external/types", activity_types.custom_types),
    ("POST", "activities/external/type", activity_types.create),
    ("POST", "activities/external/type/{name}", activity_types.update),
    ("GET", "activities/external/type/{name}/describe", activity_types.describe),
    ("POST", "activities/external/type/{name}/approve", activity_types.approve),
    ("POST", "activities/external/type/{name}/discardDraft", activity_types.discard_draft),
    ("POST", "activities/external/type/{name}/delete", activity_types.delete),
    ("POST", "activities/external/type/{name}/attributes/create", activity_types.create_attributes),
    ("POST", "activities/external/type/{name}/attributes/update", activity_types.update_attributes),
    ("POST", "activities/external/type/{name}/attributes/delete", activity_types.delete_attributes),
)
_CAMPAIGNS: tuple[tuple[str, str, Endpoint], ...] = (
    ("GET", "campaigns", smart_campaigns.campaigns),
    ("GET", "campaigns/{id}", smart_campaigns.one),
    ("POST", "campaigns/{id}/schedule", smart_campaigns.schedule),
    ("POST", "campaigns/{id}/trigger", smart_campaigns.trigger),
)
_STATISTICS: tuple[tuple[str, str, Endpoint], ...] = (
    ("GET", "stats/usage", usage.usage),
    ("GET", "stats/usage/last7days", usage.usage_of_week),
    ("GET", "stats/errors", usage.errors),
    ("GET", "stats/errors/last7days", usage.errors_of_week),
)
_ASSETS: tuple[tuple[str, str, Endpoint], ...] = (
    ("GET", "staticLists", static_lists.assets),
    ("POST", "staticLists", static_lists.create_asset),
    ("GET", "staticList/byName", static_lists.asset_by_name),
    ("GET", "staticList/{id}", static_lists.asset),
    ("POST", "staticList/{id}", static_lists.update_asset),
    ("POST", "staticList/{id}/delete", static_lists.delete_asset),
    ("GET", "smartLists", smart_lists.assets),
    ("GET", "smartList/byName", smart_lists.asset_by_name),
    ("GET", "smartList/{id}", smart_lists.asset),
    ("GET", "smartCampaigns", smart_campaigns.assets),
    ("GET", "smartCampaign/byName", smart_campaigns.asset_by_name),
    ("GET", "smartCampaign/{id}", smart_campaigns.asset),
    ("POST", "smartCampaign/{id}/activate", smart_campaigns.activate),
    ("POST", "smartCampaign/{id}/deactivate", smart_campaigns.deactivate),
    ("GET", "programs", program_assets.assets),
    ("GET", "program/byName", program_assets.asset_by_name),
    ("GET", "program/byTag", program_assets.asset_by_tag),
    ("GET", "program/{id}", program_assets.asset),
    ("GET", "channels", program_assets.channels),
    ("GET", "channel/byName", program_assets.channels),
    ("GET", "tagTypes", program_assets.tag_types),
    ("GET", "tagType/byName", program_assets.tag_type),
    ("GET", "segmentation", program_assets.nothing),
    ("GET", "emails", program_assets.nothing),
    ("GET", "folder/{id}/tokens", program_assets.nothing),
)
_MEMBERS = "program/members/import/{id}"
_OBJECTS = "customobjects/{name}/import/{id}"


def _files(place: str, kind: str) -> tuple[tuple[str, str, Endpoint], ...]:
    """What an import leaves behind."""
    return (
        ("GET", f"{place}/failures", partial(imports.failures, kind=kind)),
        ("GET", f"{place}/warnings", partial(imports.warnings, kind=kind)),
    )


_BULK: tuple[tuple[str, str, Endpoint], ...] = (
    ("POST", "leads", imports.create),
    ("POST", "program/{id}/members/import", imports.create_members),
    ("POST", "customobjects/{name}/import", imports.create_objects),
    ("GET", "leads/batch/{id}", partial(imports.status, kind=LEADS)),
    *_files("leads/batch/{id}", LEADS),
    ("GET", f"{_MEMBERS}/status", partial(imports.status, kind=MEMBERS)),
    *_files(_MEMBERS, MEMBERS),
    ("GET", f"{_OBJECTS}/status", partial(imports.status, kind=OBJECTS)),
    *_files(_OBJECTS, OBJECTS),
    ("GET", "{bulk}/export", exports.jobs),
    ("POST", "{bulk}/export/create", exports.create),
    ("POST", "{bulk}/export/{export}/enqueue", exports.enqueue),
    ("POST", "{bulk}/export/{export}/cancel", exports.cancel),
    ("GET", "{bulk}/export/{export}/status", exports.status),
    ("GET", "{bulk}/export/{export}/file", exports.file),
)


_WITH_SCHEMA = ("companies", "opportunities", "namedaccounts")
_SCHEMA = (
    ("GET", "/schema/fields", objects.schema_fields),
    ("GET", "/schema/fields/{name}", objects.schema_one),
)


def _objects() -> Iterator[Route]:
    for place, kind in objects.KINDS.items():
        root = f"/rest/v1/{place}"
        for method, path, run in (
            ("GET", "", objects.query),
            ("POST", "", objects.sync),
            ("POST", "/delete", objects.delete),
            ("GET", "/describe", objects.describe),
            *(_SCHEMA if place in _WITH_SCHEMA else ()),
        ):
            yield Route(method, f"{root}{path}.json", kind.title, partial(run, kind=kind))


def _account_lists() -> Iterator[Route]:
    one, group = "/rest/v1/namedAccountList/{name}/namedAccounts", "Named Account"
    yield Route("GET", f"{one}.json", group, named_account_lists.accounts)
    yield Route("POST", f"{one}.json", group, named_account_lists.add)
    yield Route("POST", f"{one}/remove.json", group, named_account_lists.remove)
    for method, path, run in (
        ("GET", "", objects.query),
        ("POST", "", objects.sync),
        ("POST", "/delete", objects.delete),
    ):
        place = f"/rest/v1/namedAccountLists{path}.json"
        yield Route(method, place, f"{group} List", partial(run, kind=objects.ACCOUNT_LIST))


def _of_custom(run: Callable[[Call, objects.Kind], Response]) -> Endpoint:
    return lambda call: run(call, objects.custom_kind(call.world, call.path[0]))


def _custom_objects() -> Iterator[Route]:
    root, group = "/rest/v1/customobjects", "Custom Object"
    yield Route("GET", f"{root}.json", group, objects.custom_objects)
    yield Route("GET", f"{root}/schema.json", group, objects.no_metadata)
    yield Route("POST", f"{root}/schema.json", group, objects.no_metadata)
    for method, path, run in (
        ("GET", "", objects.query),
        ("POST", "", objects.sync),
        ("POST", "/delete", objects.delete),
        ("GET", "/describe", objects.describe),
    ):
        yield Route(method, f"{root}/{{name}}{path}.json", group, _of_custom(run))


def _routes() -> Iterator[Route]:
    for prefix, group, rows in (
        ("/rest/v1", "Lead", _LEADS),
        ("/rest/v1", "Activity", _ACTIVITIES),
        ("/rest/v1", "Activity Metadata", _ACTIVITY_TYPES),
        ("/rest/v1", "Campaign", _CAMPAIGNS),
        ("/rest/v1", "", _STATISTICS),
        ("/rest/asset/v1", "Assets", _ASSETS),
        ("/bulk/v1", "Lead", _BULK),
    ):
        for method, path, run in rows:
            yield Route(method, f"{prefix}/{path}.json", group, run)
    yield from _objects()
    yield from _account_lists()
    yield from _custom_objects()


ROUTES = tuple(_routes())
"""Every endpoint of this Marketo but identity and the callback of flow steps."""


def _pattern(path: str) -> re.Pattern[str]:
    """What the paths of an endpoint look like."""
    parts = _BLANK.split(path)
    blanks = [_BLANKS[blank] for blank in _BLANK.findall(path)]
    inner = "".join(
        re.escape(part) + blank for part, blank in zip(parts, [*blanks, ""], strict=True)
    )
    return re.compile(inner)


class Routes:
    """The endpoints, by path."""

    def __init__(self, routes: tuple[Route, ...] = ROUTES) -> None:
        self._literal: dict[str, dict[str, Route]] = {}
        patterns: dict[str, dict[str, Route]] = {}
        for route in routes:
            place = patterns if "{" in route.path else self._literal
            place.setdefault(route.path, {})[route.method] = route
        self._patterns = tuple((_pattern(path), verbs) for path, verbs in patterns.items())

    def at(self, path: str) -> tuple[Mapping[str, Route], tuple[str, ...]]:
        """The endpoints of a path by method, and what its blanks hold; none for an unknown path."""
        literal = self._literal.get(path)
        if literal is not None:
            return literal, ()
        for pattern, verbs in self._patterns:
            found = pattern.fullmatch(path)
            if found is not None:
                return verbs, found.groups()
        return {}, ()
