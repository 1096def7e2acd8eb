"""Owners that Salesforce refuses: decided and sent again once the cause may be gone."""

from sqlalchemy import update

from agent.ledger.rows import table
from agent.ledger.tables.effects import EffectRow
from agent.ledger.tables.states import CycleStatus, EffectState
from domain.decision.said import Needs, WriteRefused
from sandbox.control.client import Control
from sandbox.faults.model import Partial
from sandbox.marketo.lead_database import people
from sandbox.salesforce.rules import validation
from sandbox.salesforce.store import records
from tests.support.worlds import Town

POOL = {"Ana Torres", "Ben Okafor"}
NEEDED = "A phone number is needed before the owner changes"
CODES = (
    ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "LeadTrigger: first error: UNABLE_TO_LOCK_ROW"),
    ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "LeadTrigger: System.NullPointerException: null"),
    ("CANNOT_EXECUTE_FLOW_TRIGGER", "The flow failed"),
    ("APEX_ERROR", "System.LimitException: Apex CPU time limit exceeded"),
    ("UNKNOWN_EXCEPTION", "An unexpected error occurred. ErrorId: 1234-5678"),
    ("DUPLICATES_DETECTED", "Use one of these records?"),
    ("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id"),
    ("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "insufficient access rights"),
    ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Phone is required before the owner changes"),
    ("ENTITY_IS_LOCKED", "the entity is locked for editing"),
    ("LIMIT_EXCEEDED", "too many"),
    ("PROCESSING_HALTED", "The transaction was rolled back"),
    ("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded"),
    ("SOMETHING_NEW_EXCEPTION", "words that nobody knows"),
    ("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record"),
    ("TRANSFER_REQUIRES_READ", "The new owner must have read permission"),
    ("INVALID_CROSS_REFERENCE_KEY", "Owner ID: owner cannot be blank"),
    ("ENTITY_IS_DELETED", "entity is deleted"),
)


def control(here: Town) -> Control:
    """The sandbox's control."""
    return Control(here.running.details()["control"])


def refuse(here: Town, code: str, words: str, times: int | None = 1) -> None:
    """Let Salesforce refuse the first owner that is written."""
    control(here).strike(
        Partial(
            vendor="salesforce",
            method="POST",
            path="/composite$",
            body='"OwnerId"',
            code=code,
            message=words,
            times=times,
        )
    )


def live(here: Town, minutes: int, step: int = 20) -> None:
    """Let time pass, with a look each `step` minutes."""
    for _ in range(0, minutes, step):
        here.pass_time(minutes=step)
        here.tick()


def test_an_owner_that_a_rule_refused_is_written_once_the_record_is_mended(here: Town) -> None:
    """Parked with who fixes it and a time of its own; a change of the field sends it again."""
    dana = here.arrive()
    validation.add_rule(here.world, "Lead", "Phone", None, NEEDED)
    live(here, 1, 1)
    cycle = here.cycle(dana)
    assert isinstance(cycle.said, WriteRefused)
    assert cycle.due_at is not None
    assert (CycleStatus.PARKED, "SALESFORCE", Needs.RECORD) == (
        cycle.status,
        cycle.blocked_by,
        cycle.said.needs,
    )
    phone = {"phone": "+1 415 555 0100"}
    ops, record = here.user("ana.torres@meridian.example"), here.lead(dana)["Id"]
    fixed = {"Phone": phone["phone"]}
    records.update(here.world, "Lead", record, fixed, by=ops, assign=False)
    people.change_person(here.world, dana, phone, reason="ops", source="ops")
    live(here, 2, 1)
    assert (CycleStatus.ASSIGNED, True) == (here.cycle(dana).status, here.owner(dana) in POOL)


def test_whatever_refused_an_owner_once_the_owner_is_written_in_the_end(here: Town) -> None:
    """Every code once, nobody does anything: within hours all leads have their owner."""
    leads = [
        here.arrive(email=f"p{n}@c{n}.example", company=f"Company {n}", lastName=f"L{n}")
        for n in range(len(CODES))
    ]
    for code, words in CODES:
        refuse(here, code, words)
    live(here, 100)
    told = {code: here.cycle(lead).status for (code, _), lead in zip(CODES, leads, strict=True)}
    assert dict.fromkeys(told, CycleStatus.ASSIGNED) == told
    assert {1} == set(here.owner_writes().values())


def test_refused_leads_use_up_no_turn_of_the_pool(here: Town) -> None:
    """However often one lead is refused, the others are shared out evenly."""
    refuse(here, "SOMETHING_NEW_EXCEPTION", "words", times=2)
    first = here.arrive()
    live(here, 120, 20)
    more = [
        here.arrive(email=f"p{n}@c{n}.example", company=f"Company {n}", lastName=f"L{n}")
        for n in range(3)
    ]
    live(here, 1, 1)
    owners = sorted(here.owner(one) for one in (first, *more))
    assert ["Ana Torres", "Ana Torres", "Ben Okafor", "Ben Okafor"] == owners


def test_a_refused_owner_is_never_given_up(here: Town) -> None:
    """A fault that lasts for two days keeps the lead; when it ends, the owner is written."""
    refuse(here, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights", times=None)
    dana = here.arrive()
    live(here, 2 * 24 * 60, 240)
    assert CycleStatus.PARKED == here.cycle(dana).status
    control(here).lift_all()
    live(here, 9 * 60, 60)
    assert (CycleStatus.ASSIGNED, True) == (here.cycle(dana).status, here.owner(dana) in POOL)


def test_a_cycle_whose_write_was_lost_is_decided_again(here: Town) -> None:
    """The invariant is looked after: nothing is assigning without a write under way."""
    here.app.ledger.intake.move_cursor("activities", "", here.world.now)
    refuse(here, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access", times=1)
    dana = here.arrive()
    live(here, 1, 1)
    assert CycleStatus.ASSIGNING == here.cycle(dana).status
    effects = table(EffectRow)
    with here.app.ledger.engine.begin() as connection:
        given_up = update(effects).where(effects.c.kind == "set_owner")
        connection.execute(given_up.values(state=EffectState.DEAD))
    live(here, 40)
    assert (CycleStatus.ASSIGNED, True) == (here.cycle(dana).status, here.owner(dana) in POOL)
