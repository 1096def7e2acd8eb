"""What every component of the set-up has: a name, an id that follows from it, a row.

Source: Salesforce, Metadata API Developer Guide, Metadata.
"""

import hashlib
import re

from sandbox.http.message import Json
from sandbox.salesforce.org.errors import SalesforceError
from sandbox.salesforce.org.ids import POD, PREFIXES, lengthened
from sandbox.salesforce.org.owners import author
from sandbox.salesforce.org.schema import OBJECTS, SObject, object_named
from sandbox.salesforce.org.values import timestamp
from sandbox.state.world import World

LONGEST_NAME = 40
OTHER = "0Ps"
"""What the ids of types begin with that are no objects."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*")


def id_of(kind: str, full_name: str) -> str:
    """The id of a component, which follows from its name."""
    prefix = PREFIXES.get(kind, OTHER)
    digest = hashlib.sha256(f"{kind}:{full_name}".encode()).hexdigest()
    return lengthened(f"{prefix}{POD}{digest[:6]}")


def parts(full_name: str) -> tuple[SObject, str]:
    """The object and the own name of a component of an object. Raises `SalesforceError`."""
    sobject, _, name = full_name.rpartition(".")
    shape = object_named(sobject)
    if shape is None:
        message = f"In field: fullName - no CustomObject named {sobject} found"
        raise SalesforceError("INVALID_CROSS_REFERENCE_KEY", message)
    return shape, name


def check_name(name: str) -> None:
    """Raise `SalesforceError` unless a component may be called so."""
    if not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        message = (
            "The name can only contain underscores and alphanumeric characters. It must be "
            "unique, begin with a letter, not include spaces, not end with an underscore, and "
            f"not contain two consecutive underscores: {name}"
        )
        raise SalesforceError("INVALID_FULLNAME", message)


def put_row(world: World, sobject: str, record_id: str, by: str, **values: Json) -> None:
    """Put a row of the set-up in place, with its stamps."""
    table, now = world.table(OBJECTS[sobject].table), timestamp(world.now)
    before = table.get(record_id)
    user = author(world, by)
    stamps = {"LastModifiedDate": now, "LastModifiedById": user, "SystemModstamp": now}
    made = {"CreatedDate": now, "CreatedById": user} if before is None else before
    table[record_id] = {"Id": record_id, "Active": True, **made, **stamps, **values}
