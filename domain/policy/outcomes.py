"""The outcomes part of the policy: what counts as accepted by sales."""

from domain.values import Value


class OutcomeRules(Value):
    """What counts as an outcome in Salesforce."""

    sql_statuses: tuple[str, ...] = ("Qualified", "Sales Qualified", "SQL")
    """Values of `Lead.Status` that mean SQL. Converted leads count too."""
