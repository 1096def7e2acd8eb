"""Record ids: a prefix for the type, 15 case-sensitive characters, 18 with a checksum."""

import string

from sandbox.state.world import World

PREFIXES = {
    "Account": "001",
    "AccountHistory": "0A0",
    "AssignmentRule": "01Q",
    "BusinessHours": "01m",
    "Campaign": "701",
    "CampaignMember": "00v",
    "Contact": "003",
    "ContactHistory": "03h",
    "CustomField": "00N",
    "DuplicateRule": "0Bm",
    "EmailMessage": "02s",
    "EmailMessageRelation": "0C5",
    "EntityDefinition": "4ie",
    "Event": "00U",
    "FieldPermissions": "01k",
    "Group": "00G",
    "GroupMember": "011",
    "Holiday": "0C0",
    "Lead": "00Q",
    "LeadHistory": "017",
    "LeadStatus": "01J",
    "Opportunity": "006",
    "OpportunityContactRole": "00K",
    "Organization": "00D",
    "PermissionSet": "0PS",
    "PermissionSetAssignment": "0Pa",
    "QueueSobject": "03g",
    "Task": "00T",
    "User": "005",
    "UserRole": "00E",
    "ValidationRule": "03d",
}
QUEUE = PREFIXES["Group"]
USER = PREFIXES["User"]
BATCH = "751"
BULK_JOB = "750"
DEPLOYMENT = "0Af"
RESULT = "752"
LOCATOR = "01g"
"""Of a query whose next pages wait."""
POD = "Hs0000"
"""The part of an id that all records of one org share."""

SHORT, LONG = 15, 18
_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_CAPITALS = str.maketrans({char: str(int(char.isupper())) for char in _DIGITS})
_CHECKSUM = string.ascii_uppercase + "012345"
_SOBJECTS = {prefix: sobject for sobject, prefix in PREFIXES.items()}


def new_id(world: World, prefix: str) -> str:
    """An id that was never given before in this world."""
    digits, rest = "", world.next_serial()
    while rest:
        rest, place = divmod(rest, len(_DIGITS))
        digits = _DIGITS[place] + digits
    return lengthened(f"{prefix}{POD}{digits:0>6}")


def lengthened(short: str) -> str:
    """The 18 characters of an id of 15: a bit of the checksum for each capital letter."""
    tail = ""
    for start in range(0, SHORT, 5):
        bits = short[start : start + 5].translate(_CAPITALS)
        tail += _CHECKSUM[int(bits[::-1], 2)]
    return short + tail


def full_id(text: object) -> str | None:
    """An id with 18 characters, given 15 or 18; None when it is no id at all."""
    if not isinstance(text, str) or len(text) not in (SHORT, LONG):
        return None
    if not (text.isascii() and text.isalnum()):
        return None
    full = lengthened(text[:SHORT])
    return full if len(text) == SHORT or full == text else None


def sobject_of(record_id: str) -> str | None:
    """The type of record that an id belongs to, by its first three characters."""
    return _SOBJECTS.get(record_id[:3])


SYSTEM_USER = lengthened(f"{USER}{POD}000000")
"""Who did what nobody did: the automated process, which is no row of User."""
