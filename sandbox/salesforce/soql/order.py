"""ORDER BY for rows and for groups of rows."""

from collections.abc import Sequence

from sandbox.salesforce.soql.conditions import Reach
from sandbox.salesforce.soql.scope import Scope, reach
from sandbox.salesforce.soql.syntax import Order
from sandbox.state.world import Row


def ordered(
    scope: Scope, orders: Sequence[Order], rows: list[Row], reach: Reach = reach
) -> list[Row]:
    """The rows sorted; nulls come first unless said otherwise. Raises `SalesforceError`."""
    for order in reversed(orders):
        field, read = reach(scope, order.path)
        if not field.filterable:
            message = f"field '{field.name}' can not be sorted in a query call"
            raise scope.mistake(order.path.at, message, "MALFORMED_QUERY")
        empty = [row for row in rows if read(row) is None]
        filled = [row for row in rows if read(row) is not None]
        if field.is_text:
            filled.sort(key=lambda row, read=read: read(row).lower(), reverse=order.is_descending)
        else:
            filled.sort(key=read, reverse=order.is_descending)
        rows = filled + empty if order.has_nulls_last else empty + filled
    return rows
