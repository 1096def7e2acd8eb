"""On whose behalf a statement of SOQL is run."""

from sandbox.salesforce.call import Call
from sandbox.salesforce.soql.run import Asker


def asker_of(call: Call, *, includes_deleted: bool = False, is_tooling: bool = False) -> Asker:
    """The calling user, in whose time zone days begin."""
    user = call.world.table("salesforce.User").get(call.user, {})
    zone = user.get("TimeZoneSidKey") or "UTC"
    return Asker(zone, call.version, includes_deleted, is_tooling)
