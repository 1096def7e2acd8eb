"""What prospects do after their first visit: they come back, read mails, bounce, unsubscribe."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from random import Random

from sandbox.acts import plan
from sandbox.marketo.lead_database import people
from sandbox.state.world import Row, World

EVERY = timedelta(hours=1)
STIRRING = 0.004
"""Share of the persons who do something within an hour."""
MOST = 200
"""Persons in an hour, however many there are."""
PAGES = ("/pricing", "/customers", "/docs", "/careers", "/blog/lead-response", "/demo")
MAILINGS = ("Newsletter", "Webinar invitation", "Product update")
FORMS = ("Whitepaper", "Webinar", "Demo Request", "Contact Sales")


def stir(world: World) -> None:
    """Let some of the persons whom Marketo knows do something within the next hour."""
    chance = Random(f"{world.seed}/prospects/{world.now.isoformat()}")
    known = list(world.table(people.PERSON))
    count = min(MOST, sum(chance.random() < STIRRING for _ in known))
    for key in sorted(chance.sample(known, count)):
        row = world.table(people.PERSON)[key]
        if row.get("email"):
            (do,) = chance.choices(list(DOINGS), list(DOINGS.values()))
            at = world.now + timedelta(seconds=chance.randrange(3600))
            for after, deed in enumerate(do(chance, row)):
                plan(world, at + timedelta(seconds=20 * after), deed | {"email": row["email"]})


def _visit(chance: Random, _: Row) -> list[Row]:
    count = chance.randint(1, 4)
    return [{"do": "marketo.visit", "page": chance.choice(PAGES)} for _ in range(count)]


def _come_back(chance: Random, row: Row) -> list[Row]:
    """Fill out another form, and score for it; some have changed jobs or numbers since."""
    values: Row = {name: row[name] for name in ("email", "firstName", "lastName") if row[name]}
    if chance.random() < 0.1:  # noqa: PLR2004  (one in ten)
        values["title"] = chance.choice(("Consultant", "Head of Operations", "VP Sales"))
    score = min(200, int(row.get("leadScore") or 0) + chance.randint(5, 40))
    fills: Row = {"do": "marketo.form", "form": chance.choice(FORMS), "values": values}
    return [fills, {"do": "marketo.score", "score": score, "reason": "Re-engaged"}]


def _mail(*outcomes: str) -> Callable[[Random, Row], list[Row]]:
    def read(chance: Random, _: Row) -> list[Row]:
        mailing, then = chance.choice(MAILINGS), chance.choice(outcomes)
        return [{"do": "marketo.mail", "mailing": mailing, "then": then}]

    return read


DOINGS: Mapping[Callable[[Random, Row], list[Row]], int] = {
    _visit: 50,
    _come_back: 16,
    _mail("delivered", "opened", "clicked"): 26,
    _mail("bounced", "soft_bounced"): 4,
    _mail("unsubscribed"): 4,
}
"""What a person does, and how often among a hundred."""
