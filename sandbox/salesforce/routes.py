"""The resources of the REST API by their paths."""

from collections.abc import Callable, Mapping

from sandbox.salesforce import limits
from sandbox.salesforce.bulk import jobs
from sandbox.salesforce.metadata import tooling
from sandbox.salesforce.rest import (
    composite,
    describe,
    query,
    search,
    sobject_collections,
    sobject_tree,
    sobjects,
)
from sandbox.salesforce.rest.call import Answer, Call

Resource = Callable[[Call], Answer]

RESOURCES: Mapping[str, Mapping[str, Resource]] = {
    "": {"GET": describe.resources},
    "limits": {"GET": limits.limits},
    "query": {"GET": query.ask},
    "query/{locator}": {"GET": query.turn_page},
    "queryAll": {"GET": query.ask_all},
    "queryAll/{locator}": {"GET": query.turn_page},
    "search": {"GET": search.find},
    "parameterizedSearch": {
        "GET": search.find_by_parameters,
        "POST": search.find_by_parameters,
    },
    "sobjects": {"GET": describe.describe_all},
    "sobjects/{sobject}": {"GET": describe.basics, "POST": sobjects.create},
    "sobjects/{sobject}/describe": {"GET": describe.describe},
    "sobjects/{sobject}/updated": {"GET": sobjects.changed},
    "sobjects/{sobject}/deleted": {"GET": sobjects.deleted},
    "sobjects/{sobject}/{id}": {
        "GET": sobjects.read,
        "PATCH": sobjects.change,
        "DELETE": sobjects.remove,
    },
    "sobjects/{sobject}/{field}/{value}": {
        "GET": sobjects.follow,
        "PATCH": sobjects.upsert,
        "DELETE": sobjects.remove_by_key,
    },
    "composite": {"POST": composite.perform},
    "composite/batch": {"POST": composite.perform_batch},
    "composite/graph": {"POST": composite.perform_graphs},
    "composite/sobjects": {
        "POST": sobject_collections.create,
        "PATCH": sobject_collections.change,
        "DELETE": sobject_collections.remove,
    },
    "composite/sobjects/{sobject}": {
        "GET": sobject_collections.read,
        "POST": sobject_collections.read,
    },
    "composite/sobjects/{sobject}/{field}": {"PATCH": sobject_collections.upsert},
    "composite/tree/{sobject}": {"POST": sobject_tree.create},
    "jobs/ingest": {"GET": jobs.list_jobs, "POST": jobs.create_ingest},
    "jobs/ingest/{id}": {"GET": jobs.look, "PATCH": jobs.change, "DELETE": jobs.remove},
    "jobs/ingest/{id}/batches": {"PUT": jobs.upload},
    "jobs/ingest/{id}/successfulResults": {"GET": jobs.successful},
    "jobs/ingest/{id}/failedResults": {"GET": jobs.failed},
    "jobs/ingest/{id}/unprocessedrecords": {"GET": jobs.unprocessed},
    "jobs/query": {"GET": jobs.list_jobs, "POST": jobs.create_query},
    "jobs/query/{id}": {"GET": jobs.look, "PATCH": jobs.change, "DELETE": jobs.remove},
    "jobs/query/{id}/results": {"GET": jobs.results},
    "tooling/query": {"GET": tooling.ask_tooling},
    "tooling/query/{locator}": {"GET": query.turn_page},
    "tooling/sobjects": {"GET": tooling.describe_all},
    "tooling/sobjects/{sobject}": {"POST": tooling.create},
    "tooling/sobjects/{sobject}/describe": {"GET": tooling.describe_one},
    "tooling/sobjects/{sobject}/{id}": {
        "GET": tooling.read,
        "PATCH": tooling.change,
        "DELETE": tooling.remove,
    },
}
"""What follows `/services/data/vXX.X/`, and who answers each method."""

_Pattern = tuple[tuple[str, ...], str]
_PATTERNS: dict[tuple[int, str], list[_Pattern]] = {}
"""By the number of segments and the first one."""
for _path in RESOURCES:
    _parts = tuple(_path.split("/")) if _path else ()
    _key = (len(_parts), _parts[0] if _parts else "")
    _PATTERNS.setdefault(_key, []).append((_parts, _path))


def named(path: tuple[str, ...]) -> tuple[str, dict[str, str]] | None:
    """The resource that a path names, and what stands in its braces."""
    for pattern, template in _PATTERNS.get((len(path), path[0] if path else ""), ()):
        pairs = list(zip(pattern, path, strict=True))
        if all(part == given or part.startswith("{") for part, given in pairs):
            return template, {part[1:-1]: given for part, given in pairs if part.startswith("{")}
    return None
