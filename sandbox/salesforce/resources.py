"""The resources of the REST API by their paths."""

from collections.abc import Callable, Mapping

from sandbox.salesforce import (
    bulk,
    collection,
    composite,
    describe,
    queries,
    rows,
    search,
    tooling,
    tree,
)
from sandbox.salesforce.call import Answer, Call

Resource = Callable[[Call], Answer]

RESOURCES: Mapping[str, Mapping[str, Resource]] = {
    "": {"GET": describe.resources},
    "limits": {"GET": describe.limits},
    "query": {"GET": queries.ask},
    "query/{locator}": {"GET": queries.turn_page},
    "queryAll": {"GET": queries.ask_all},
    "queryAll/{locator}": {"GET": queries.turn_page},
    "search": {"GET": search.find},
    "parameterizedSearch": {
        "GET": search.find_by_parameters,
        "POST": search.find_by_parameters,
    },
    "sobjects": {"GET": describe.describe_all},
    "sobjects/{sobject}": {"GET": describe.basics, "POST": rows.create},
    "sobjects/{sobject}/describe": {"GET": describe.describe},
    "sobjects/{sobject}/updated": {"GET": rows.changed},
    "sobjects/{sobject}/deleted": {"GET": rows.deleted},
    "sobjects/{sobject}/{id}": {"GET": rows.read, "PATCH": rows.change, "DELETE": rows.remove},
    "sobjects/{sobject}/{field}/{value}": {
        "GET": rows.follow,
        "PATCH": rows.upsert,
        "DELETE": rows.remove_by_key,
    },
    "composite": {"POST": composite.perform},
    "composite/batch": {"POST": composite.perform_batch},
    "composite/graph": {"POST": composite.perform_graphs},
    "composite/sobjects": {
        "POST": collection.create,
        "PATCH": collection.change,
        "DELETE": collection.remove,
    },
    "composite/sobjects/{sobject}": {"GET": collection.read, "POST": collection.read},
    "composite/sobjects/{sobject}/{field}": {"PATCH": collection.upsert},
    "composite/tree/{sobject}": {"POST": tree.create},
    "jobs/ingest": {"GET": bulk.list_jobs, "POST": bulk.create_ingest},
    "jobs/ingest/{id}": {"GET": bulk.look, "PATCH": bulk.change, "DELETE": bulk.remove},
    "jobs/ingest/{id}/batches": {"PUT": bulk.upload},
    "jobs/ingest/{id}/successfulResults": {"GET": bulk.successful},
    "jobs/ingest/{id}/failedResults": {"GET": bulk.failed},
    "jobs/ingest/{id}/unprocessedrecords": {"GET": bulk.unprocessed},
    "jobs/query": {"GET": bulk.list_jobs, "POST": bulk.create_query},
    "jobs/query/{id}": {"GET": bulk.look, "PATCH": bulk.change, "DELETE": bulk.remove},
    "jobs/query/{id}/results": {"GET": bulk.results},
    "tooling/query": {"GET": queries.ask_tooling},
    "tooling/query/{locator}": {"GET": queries.turn_page},
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
