"""The policy: what is in force, what was, what would be; tried, published, and taken back."""

from dataclasses import dataclass
from typing import Any

from starlette.datastructures import UploadFile
from starlette.responses import Response

from agent.console import policy_words
from agent.console.boards.policy_trials import Try, read_texts
from agent.console.pages.tried_leads import ASKED
from agent.console.visit import PERIODS, USUAL, NotThereError, Visit
from agent.policy.file import TERRITORIES, read_policy
from agent.rollout import publications, simulation_tables
from domain.conversation.permissions import PUBLISHERS, Ability, Reach
from domain.errors import PublishingError, RoutereadyError
from domain.language import names
from domain.policy.diff import diff
from domain.policy.model import Policy, Segment
from domain.rollout.canary import State, read_scope
from domain.rollout.simulation import Simulation

SHARES = (100, 50, 25, 10, 5)
NAMED = 500
"""So many leads of a what-if are named; the others have their ids."""
BOARD_DAYS = 30
"""The board on which a published policy is judged."""


@dataclass(frozen=True)
class Shown:
    """A segment in words."""

    segment: Segment
    who: str
    promise: str
    ladder: tuple[str, ...]


def show(visit: Visit) -> Response:
    """The policy in force, and what is published beside it."""
    current = visit.ledger.publications.current()
    is_live = current is not None and current.state is State.LIVE
    board = visit.board(BOARD_DAYS) if is_live else None
    file = visit.office.app.settings.routeready_policy
    return visit.page(
        "policy.html",
        **_in_words(visit.policy),
        current=current,
        trial=None if board is None else board.trial,
        publications=visit.ledger.publications.all(),
        versions=visit.ledger.workings.policies(),
        complaints=visit.office.remembered(
            f"complaints {visit.policy.version}", lambda: read_policy(file).complaints
        ),
        file=file.name,
        may_try=visit.reach(Ability.WHAT_IF) is not Reach.NONE,
        may_publish=visit.who.role in PUBLISHERS,
        texts=_texts(visit),
        asked=ASKED,
        periods=PERIODS,
        usual=USUAL,
    )


def _in_words(policy: Policy) -> dict[str, Any]:
    return {
        "segments": [
            Shown(
                one,
                policy_words.conditions(one.when),
                policy_words.promise(one),
                tuple(policy_words.rung(each) for each in policy.ladder(one.name)),
            )
            for one in policy.segments
        ],
        "rules": [
            (one.name, policy_words.criteria(one), policy_words.rule(one, policy))
            for one in policy.routing
        ],
        "territories": [
            (row, policy_words.receiver(row.owner, policy)) for row in policy.territories
        ],
        "qualified": [
            (one.name, policy_words.conditions(one.when), one.intent_activities)
            for one in policy.gate.qualified
        ],
        "tiers": [(one.tier, policy_words.conditions(one.when)) for one in policy.icp],
    }


def _texts(visit: Visit) -> tuple[str, str]:
    """The two files as they are, to be edited on the page; empty for one that isn't there."""
    path = visit.office.app.settings.routeready_policy
    files = (path, path.with_name(TERRITORIES))
    policy, territories = (one.read_text(encoding="utf-8") if one.exists() else "" for one in files)
    return policy, territories


def compare(visit: Visit) -> Response:
    """What a version says otherwise than the policy in force, or than another version."""
    visit.about = visit.path("version")
    one = _version(visit, visit.about)
    other_name = visit.asked("with")
    other = _version(visit, other_name) if other_name else visit.policy
    return visit.page("policy_diff.html", one=one, other=other, differences=diff(one, other))


def _version(visit: Visit, version: str) -> Policy:
    found = visit.ledger.publications.policy(version)
    if version == visit.policy.version:
        return visit.policy
    if found is None:
        raise NotThereError("No decisions were made under this policy version.")
    return found


def attempt(visit: Visit) -> Response:
    """Take up a policy, from files or from the text on the page, and try it on past decisions."""
    policy, territories = _texts(visit)
    reading = read_texts(
        _sent(visit, "policy_file") or visit.asked("policy") or policy,
        _sent(visit, "territories_file") or visit.asked("territories") or territories,
    )
    asked = (visit.days(), visit.asked("lead"))
    made = visit.office.tries.begin(reading, visit.policy, visit.who.email, visit.now, asked)
    visit.about = made.id
    return visit.go(f"/policy/tries/{made.id}")


def _sent(visit: Visit, name: str) -> str:
    """The text of a file that was sent; empty when none was."""
    value = None if visit.form is None else visit.form.get(name)
    if not isinstance(value, UploadFile) or not value.filename:
        return ""
    try:
        return value.file.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RoutereadyError(
            f"{value.filename} isn't UTF-8 text. Save it as UTF-8 and upload it again."
        ) from None


def tried(visit: Visit) -> Response:
    """What came of a try: what is wrong with it, or who would have gone elsewhere."""
    one = _try(visit)
    found = one.found()
    differences = () if one.policy is None else diff(one.base, one.policy)
    owners = simulation_tables.called(one.base, one.policy or one.base)
    return visit.page(
        "policy_try.html",
        one=one,
        found=found,
        differences=differences,
        lines=[] if found is None else simulation_tables.lines(found, owners),
        sheets=[] if found is None else list(simulation_tables.sheets(found, owners)),
        titles={} if found is None else _titles(visit, found),
        may_publish=visit.who.role in PUBLISHERS,
        shares=SHARES,
        asked=ASKED,
    )


def _titles(visit: Visit, found: Simulation) -> dict[str, str]:
    """The leads that would go elsewhere by name, as far as the person may see them."""
    leads = [one.lead for one in (*found.asked, *found.changes)][:NAMED]
    known = visit.ledger.lists.of_leads(list(dict.fromkeys(leads)))
    return {one.lead: one.title for one in known if visit.may(Ability.FIND, one.owner)}


def _try(visit: Visit) -> Try:
    visit.about = visit.path("attempt")
    one = visit.office.tries.get(visit.about)
    if one is None:
        raise NotThereError("This test has expired. Test the policy again.")
    return one


def publish(visit: Visit) -> Response:
    """Let a policy that was tried decide a part of the leads, by the same code as the terminal."""
    one = _try(visit)
    if one.policy is None:
        raise PublishingError("This policy has errors. Fix them and test it again.")
    scope = [f"share={visit.asked('share') or '100'}%"]
    if visit.asked("segment"):
        scope.append(f"segment={visit.asked('segment')}")
    request = publications.Request(
        one.policy,
        read_scope(scope),
        visit.who.email,
        visit.asked("because"),
        visit.who.asserted_by,
    )
    made = publications.publish(request, visit.office.app.context())
    visit.office.app.hurry()
    said = f"Published: {names.publication(made)}."
    if made.state is State.PROPOSED:
        said += " A second RevOps admin must approve it before it takes effect."
    return visit.go("/policy", said=said)


def agree(visit: Visit) -> Response:
    """The second person's yes to a published policy."""
    context = visit.office.app.context()
    made = publications.agree(
        visit.asked("publication"),
        visit.who.email,
        context,
        asserted_by=visit.who.asserted_by,
    )
    visit.about = made.id
    visit.office.app.hurry()
    return visit.go("/policy", said=f"Approved: {names.publication(made)}.")


def roll_back(visit: Visit) -> Response:
    """Take the published policy back."""
    context = visit.office.app.context()
    ended = publications.roll_back(visit.who.email, visit.asked("because"), context)
    visit.about = ended.id
    visit.office.app.hurry()
    return visit.go("/policy", said=f"Rolled back: {names.publication(ended)}")
