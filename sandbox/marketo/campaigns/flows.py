"""Flows of smart campaigns: their steps happen to people one after the other, as time goes by.

A campaign's `flow` is a list of steps; without one it is [{"do": "sync"}].

    {"do": "sync"}: Sync Person to SFDC; "user": e-mail or "queue": DeveloperName assigns it
    {"do": "change", "field": ..., "value": ...}, {"do": "score", "by": 10}
    {"do": "add_to_list", "list": name}, {"do": "remove_from_list", "list": name}
    {"do": "status", "program": name, "status": ...}
    {"do": "webhook", "webhook": name}, {"do": "service", "service": name, "values": {...}}
    {"do": "wait", "seconds": 60}
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import cast

from sandbox.marketo.access.envelope import MarketoError
from sandbox.marketo.campaigns import flow_step_services, webhooks
from sandbox.marketo.campaigns.outbound_calls import Outbound
from sandbox.marketo.campaigns.tokens import Tokens
from sandbox.marketo.lead_database import people
from sandbox.marketo.lead_database.people import stamp
from sandbox.marketo.programs import programs
from sandbox.marketo.sync import native_sync
from sandbox.salesforce.store import records
from sandbox.state.world import Row, World

CAMPAIGN = "marketo.campaign"
FLOW = "marketo.flow"
USUAL: list[Row] = [{"do": "sync"}]
DELAY = timedelta(seconds=5)
"""Between a campaign's request and its first step; success only means that it was queued."""


def start(
    world: World,
    campaign: Row,
    leads: list[int],
    tokens: Mapping[str, str],
    after: timedelta = DELAY,
) -> None:
    """Let people go through a campaign's flow; a second time only if the campaign allows it."""
    members: Row = campaign.setdefault("members", {})
    if campaign.get("runs") == "once":
        leads = [lead for lead in leads if str(lead) not in members]
    now = stamp(world)
    for lead in leads:
        since = members.get(str(lead), {"createdAt": now})["createdAt"]
        members[str(lead)] = {"createdAt": since, "updatedAt": now}
    flow = {"campaign": str(campaign["id"]), "leads": leads, "step": 0, "tokens": dict(tokens)}
    world.schedule(world.now + after, FLOW, flow)


class Flows:
    """What the steps of flows do in one world."""

    def __init__(self, world: World, outbound: Outbound) -> None:
        self._world = world
        self._outbound = outbound
        self.services = flow_step_services.Services(world, outbound, self._after_service)
        self._steps: Mapping[str, Callable[[Row, Row, int], None]] = {
            "sync": self._sync,
            "change": self._change,
            "score": self._score,
            "add_to_list": self._add_to_list,
            "remove_from_list": self._remove_from_list,
            "status": self._status,
        }
        world.on(FLOW, self._go_on)
        world.on(flow_step_services.RETRY, lambda token: self.services.submit(str(token)))

    def _go_on(self, flow: Row) -> None:
        """Take the next steps, up to one that has to be waited for.

        A flow whose steps make no sense ends, which the journal tells.
        """
        campaign = self._world.table(CAMPAIGN).get(flow["campaign"])
        if campaign is None:
            return
        try:
            self._take_steps(flow, campaign)
        except (IndexError, KeyError, TypeError, ValueError, MarketoError) as error:
            told = {"campaign": campaign["name"], "why": repr(error)}
            self._world.record("effect", "marketo", "flow.impossible", **told)

    def _take_steps(self, flow: Row, campaign: Row) -> None:
        steps = cast("list[Row]", campaign.get("flow") or USUAL)
        for place in range(int(flow["step"]), len(steps)):
            step = steps[place]
            if step["do"] in ("wait", "webhook", "service"):
                self._wait_for(flow | {"step": place}, step, campaign)
                return
            for lead in self._present(flow):
                self._steps[step["do"]](step, campaign, lead)

    def _present(self, flow: Row) -> list[int]:
        table = self._world.table(people.PERSON)
        return [lead for lead in flow["leads"] if str(lead) in table]

    def _wait_for(self, flow: Row, step: Row, campaign: Row) -> None:
        following = flow | {"step": flow["step"] + 1}
        if step["do"] == "wait":
            seconds = timedelta(seconds=float(step.get("seconds", 0)))
            self._world.schedule(self._world.now + seconds, FLOW, following)
        elif step["do"] == "service":
            leads = self._present(flow)
            if leads:
                self.services.invoke(flow, step, campaign, leads)
        else:
            for lead in self._present(flow):
                self._call_webhook(following | {"leads": [lead]}, step, campaign, lead)

    def _call_webhook(self, following: Row, step: Row, campaign: Row, lead: int) -> None:
        hook = self._world.table(webhooks.WEBHOOK)[step["webhook"]] | {"name": step["webhook"]}
        if campaign["type"] == "batch":
            webhooks.refuse_in_batch(self._world, hook, lead)
            self._go_on(following)
            return
        person = self._world.table(people.PERSON)[str(lead)]
        tokens = Tokens(self._world, person, campaign, following["tokens"])
        webhooks.call(
            self._world, self._outbound, hook, person, tokens, lambda: self._go_on(following)
        )

    def _after_service(self, held: Row, lead: int) -> None:
        flow = held["flow"]
        self._go_on(flow | {"leads": [lead], "step": flow["step"] + 1})

    def _sync(self, step: Row, _campaign: Row, lead: int) -> None:
        owner = None
        for key, sobject, field in (("user", "User", "Email"), ("queue", "Group", "DeveloperName")):
            if step.get(key):
                owner = records.find(self._world, sobject, **{field: step[key]})[-1]["Id"]
        native_sync.sync_person(self._world, lead, owner)

    def _change(self, step: Row, campaign: Row, lead: int) -> None:
        self._write(lead, campaign, {step["field"]: step["value"]})

    def _score(self, step: Row, campaign: Row, lead: int) -> None:
        before = self._world.table(people.PERSON)[str(lead)]["leadScore"] or 0
        self._write(lead, campaign, {"leadScore": before + int(step["by"])})

    def _write(self, lead: int, campaign: Row, values: Row) -> None:
        reason = f"Smart Campaign {campaign['name']}"
        people.change_person(self._world, lead, values, reason=reason, source="Smart Campaign")

    def _add_to_list(self, step: Row, _campaign: Row, lead: int) -> None:
        people.add_to_list(self._world, lead, step["list"])

    def _remove_from_list(self, step: Row, _campaign: Row, lead: int) -> None:
        people.remove_from_list(self._world, lead, step["list"])

    def _status(self, step: Row, _campaign: Row, lead: int) -> None:
        program = programs.named(self._world, step["program"])
        programs.move(self._world, program, lead, step["status"])
