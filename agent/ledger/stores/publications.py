"""Policies published beside the policy file: at most one is open, and each stays on record."""

from datetime import datetime

from pydantic import ValidationError
from sqlalchemy import Engine, RowMapping, insert, select, update
from sqlalchemy.exc import IntegrityError

from agent.ledger.engine import reading
from agent.ledger.records import Step
from agent.ledger.rows import insert_new, table
from agent.ledger.tables.policies import PolicyRow, PublicationRow
from agent.ledger.transaction.step import write
from domain.policy.model import Policy
from domain.policy.upgrade import read_stored
from domain.rollout.canary import OPEN, Publication, Scope, State
from domain.values import canonical_json, content_hash

_PUBLICATION = table(PublicationRow)
_POLICY = table(PolicyRow)
_SLOT = "open"
_PLAIN = (
    "id",
    "version",
    "base",
    "by",
    "asserted_by",
    "because",
    "state",
    "asked_at",
    "live_at",
    "agreed_by",
    "ended_at",
    "ended_by",
    "ended_because",
)


class Publications:
    """What was published, by whom, and how it ended."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self) -> list[Publication]:
        """Every publication, newest first."""
        rows = select(_PUBLICATION).order_by(_PUBLICATION.c.asked_at.desc(), _PUBLICATION.c.id)
        with reading(self._engine) as connection:
            return [_publication(row) for row in connection.execute(rows).mappings()]

    def current(self) -> Publication | None:
        """The one that is pending approval or decides now; None when the policy file is alone."""
        found = select(_PUBLICATION).where(_PUBLICATION.c.slot == _SLOT)
        with reading(self._engine) as connection:
            row = connection.execute(found).mappings().one_or_none()
        return None if row is None else _publication(row)

    def policy(self, version: str) -> Policy | None:
        """A policy that was published or decided before, whole; None for an unknown version."""
        found = select(_POLICY.c.body).where(_POLICY.c.version == version)
        with reading(self._engine) as connection:
            body = connection.scalar(found)
        return None if body is None else read_stored(version, body)

    def named(self, policy: Policy) -> Policy:
        """A policy under the version by which the ledger knows it; unchanged when it is new.

        A version once given stays a policy's name, whatever a later release would call it: its
        handoffs keep it, and no publication ends. When a release changed a default, the same file
        is another policy than the one on record, and gets a version of its own.
        """
        newest = select(_POLICY).order_by(_POLICY.c.first_used_at.desc(), _POLICY.c.version)
        with reading(self._engine) as connection:
            rows = connection.execute(newest).all()
        known = [row.version for row in rows if _holds(row.version, row.body, policy)]
        if known:
            current = self.current()
            published = () if current is None else (current.base, current.version)
            first = next((one for one in (*published, policy.version) if one in known), known[0])
            return policy.named(first)
        if policy.version in {row.version for row in rows}:
            return policy.named(content_hash(canonical_json(policy)))
        return policy

    def open(self, publication: Publication, policy: Policy) -> bool:
        """Record a publication with its policy; False while another one is open."""
        row = {name: getattr(publication, name) for name in _PLAIN}
        scope = {"segment": publication.scope.segment, "share": publication.scope.share}
        body = canonical_json(policy)
        kept = {
            "version": policy.version,
            "body": body,
            "first_used_at": publication.asked_at,
        }
        try:
            with self._engine.begin() as connection:
                insert_new(connection, PolicyRow, [kept])
                connection.execute(insert(_PUBLICATION).values(**row, **scope, slot=_SLOT))
        except IntegrityError:
            return False
        return True

    def begin(self, publication: str, by: str, now: datetime) -> bool:
        """Let a proposed publication decide from now on; False when it no longer waits."""
        waiting = (_PUBLICATION.c.id == publication) & (_PUBLICATION.c.state == State.PROPOSED)
        begun = {"state": State.LIVE, "agreed_by": by, "live_at": now}
        with self._engine.begin() as connection:
            return bool(
                connection.execute(update(_PUBLICATION).where(waiting).values(begun)).rowcount
            )

    def end(self, publication: str, how: State, by: str, because: str, step: Step) -> bool:
        """End a publication together with what follows; False when it ended before."""
        is_open = (_PUBLICATION.c.id == publication) & _PUBLICATION.c.state.in_(OPEN)
        ended = {
            "state": how,
            "slot": None,
            "ended_at": step.at,
            "ended_by": by,
            "ended_because": because,
        }
        with self._engine.begin() as connection:
            if not connection.execute(update(_PUBLICATION).where(is_open).values(ended)).rowcount:
                return False
            write(connection, step)
        return True

    def watch(self, publication: str, now: datetime, last: datetime) -> bool:
        """Note that it is judged now; False when it was since `last`."""
        at = _PUBLICATION.c.watched_at
        due = (_PUBLICATION.c.id == publication) & (at.is_(None) | (at <= last))
        with self._engine.begin() as connection:
            noted = update(_PUBLICATION).where(due).values(watched_at=now)
            return bool(connection.execute(noted).rowcount)


def _holds(version: str, body: str, policy: Policy) -> bool:
    """Whether a stored policy is this one; what today's rules would not accept is another."""
    try:
        return read_stored(version, body) == policy
    except ValidationError:
        return False


def _publication(row: RowMapping) -> Publication:
    scope = Scope(segment=row["segment"], share=row["share"])
    return Publication(scope=scope, **{name: row[name] for name in _PLAIN})
