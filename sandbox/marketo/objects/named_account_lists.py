"""Lists of named accounts, and which accounts are on them (Adobe: Named Account Lists)."""

from collections.abc import Callable

from sandbox.http.message import Response
from sandbox.marketo.access.call import Call
from sandbox.marketo.access.envelope import MarketoError, RecordError, answer, skipped
from sandbox.marketo.objects.objects import ACCOUNT_LIST, NAMED_ACCOUNT, page_of
from sandbox.state.world import Row

MEMBERS = "accounts"
"""Where a list's row keeps the ids of its accounts, in order."""


def _existing(call: Call) -> Row:
    row = call.world.table(ACCOUNT_LIST.table).get(call.path[0])
    if row is None:
        raise MarketoError("1013", f"Named account list {call.path[0]} not found")
    return row


def accounts(call: Call) -> Response:
    """GET namedAccountList/{id}/namedAccounts."""
    table = call.world.table(NAMED_ACCOUNT.table)
    rows = [table[one] for one in _existing(call).get(MEMBERS, []) if one in table]
    fields = call.texts("fields") or ["name", "createdAt", "updatedAt"]
    return page_of(call, NAMED_ACCOUNT, rows, fields)


def add(call: Call) -> Response:
    """POST namedAccountList/{id}/namedAccounts."""
    members: list[str] = _existing(call).setdefault(MEMBERS, [])

    def put(account: str) -> str:
        if account not in call.world.table(NAMED_ACCOUNT.table):
            raise RecordError("1013", "Record not found")
        if account not in members:
            members.append(account)
        return "added"

    return _each(call, put)


def remove(call: Call) -> Response:
    """POST namedAccountList/{id}/namedAccounts/remove."""
    members: list[str] = _existing(call).setdefault(MEMBERS, [])

    def take(account: str) -> str:
        if account not in members:
            raise RecordError("1013", "Record not found")
        members.remove(account)
        return "removed"

    return _each(call, take)


def _each(call: Call, work: Callable[[str], str]) -> Response:
    results: list[Row] = []
    for place, row in enumerate(call.records()):
        account = str(row.get(NAMED_ACCOUNT.id_field))
        told: Row = {"seq": place, NAMED_ACCOUNT.id_field: account}
        try:
            results.append(told | {"status": work(account)})
        except RecordError as error:
            results.append(skipped(error, **told))
    return answer(call.world, results)
