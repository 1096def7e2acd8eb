"""Self-Service Flow Steps: Marketo calls somebody's service (Adobe: Flow Actions SPI 1.0.0).

A row of `marketo.service_step`, by name, is one that was installed: `url` of the provider,
`callback` (where this Marketo can be reached, without the path), `outgoing` and `incoming`
(attribute to person field), and optionally `admin` (global attributes), `headers` and `auth`:

    {"kind": "apiKey", "name": ..., "value": ...} | {"kind": "basic", "user": ..., "password": ...}
    | {"kind": "oauth2", "token_url": ..., "client_id": ..., "client_secret": ...}

Its definition is fetched before the first call. A row of `marketo.invocation` is a call that waits
for its callback.
"""

import base64
import json
import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import cast
from urllib.parse import urlencode

from sandbox.http.message import Json, Request, Response
from sandbox.marketo.activities import activity_types
from sandbox.marketo.campaigns.outbound_calls import Outbound, Outcome, Outgoing
from sandbox.marketo.lead_database import people
from sandbox.marketo.lead_database.schema import field_named
from sandbox.marketo.leads.field_values import fits
from sandbox.state.world import Row, World

STEP, INVOCATION = "marketo.service_step", "marketo.invocation"
CALLBACK = "/flow/callback"
MUNCHKIN = "123-ABC-456"
DEFINITION = ("apiName", "i18n", "primaryAttribute", "invocationPayloadDef", "callbackPayloadDef")
"""What a service definition must have."""
RETRY_AFTER, TRIES = timedelta(minutes=1), 3
NIGHT, RETRY = "marketo.service_status", "marketo.service_retry"
DAY = timedelta(days=1)
MOST_CHOICES = 1000
ACCEPTED, TOO_MANY, BROKEN = 201, 429, 500


class Services:
    """The flow steps of other people's services in one world."""

    def __init__(self, world: World, outbound: Outbound, done: Callable[[Row, int], None]) -> None:
        self._world = world
        self._outbound = outbound
        self._done = done
        """Called with an invocation's row and a person's id when the step is over for them."""
        world.on(NIGHT, lambda payload: self._ask_status(str(payload)))

    def invoke(self, flow: Row, step: Row, campaign: Row, leads: list[int]) -> None:
        """Call a service for some persons of a flow."""
        name = str(step["service"])
        row = self._world.table(STEP)[name]
        token = str(uuid.UUID(int=self._world.rng.getrandbits(128), version=4))
        self._world.table(INVOCATION)[token] = {
            "service": name,
            "key": str(uuid.UUID(int=self._world.rng.getrandbits(128), version=4)),
            "batch": f"{self._world.next_serial()}",
            "campaign": {"id": campaign["id"], "name": campaign["name"]},
            "program": campaign.get("programName"),
            "values": step.get("values") or {},
            "flow": flow,
            "waiting": leads,
            "tries": 0,
        }
        if "definition" in row:
            self.submit(token)
        else:
            self._install(name, token)

    def _install(self, name: str, token: str) -> None:
        row = self._world.table(STEP)[name]

        def received(outcome: Outcome) -> None:
            definition = _object(outcome)
            missing = [each for each in DEFINITION if each not in definition]
            if missing:
                self._fail(token, f"the definition of {name} lacks {', '.join(missing)}")
                return
            self._world.table(STEP)[name]["definition"] = definition
            activity_types.register(self._world, definition)
            self._fetch_picklists(name, self._world.table(STEP)[name])
            self._world.schedule(self._world.now + DAY, NIGHT, name)
            self.submit(token)

        request = Outgoing("GET", f"{row['url']}/getServiceDefinition", _headers(row))
        self._signed(row, request, "service.definition", received)

    def _ask_status(self, name: str) -> None:
        """Every night, ask how a service is, and for its choices."""
        row = self._world.table(STEP).get(name)
        if row is not None:
            request = Outgoing("GET", f"{row['url']}/status", _headers(row))
            self._signed(row, request, "service.status", lambda _: None)
            self._fetch_picklists(name, row)
            self._world.schedule(self._world.now + DAY, NIGHT, name)

    def _fetch_picklists(self, name: str, row: Row) -> None:
        """Ask for the choices of the attributes that have some; the first 1,000 are kept."""
        asked: Row = row["definition"]["invocationPayloadDef"]
        for kind, key in (("flow", "flowAttributes"), ("global", "globalAttributes")):
            attributes: list[Row] = asked.get(key) or []
            for attribute in (one["apiName"] for one in attributes if one.get("hasPicklist")):
                body = json.dumps({"name": attribute, "type": kind}).encode()
                headers = {"Content-Type": "application/json"} | _headers(row)
                request = Outgoing("POST", f"{row['url']}/getPicklist", headers, body)
                keep = partial(self._keep_picklist, name, attribute)
                self._signed(row, request, "service.picklist", keep)

    def _keep_picklist(self, name: str, attribute: str, outcome: Outcome) -> None:
        choices: list[Row] = _object(outcome).get("choices") or []
        held: Row = self._world.table(STEP)[name].setdefault("picklists", {})
        held[attribute] = choices[:MOST_CHOICES]

    def submit(self, token: str) -> None:
        """Send one invocation, again too when the service was busy the last time."""
        held = self._world.table(INVOCATION).get(token)
        if held is None:
            return
        held["tries"] += 1
        row = self._world.table(STEP)[held["service"]]
        body = json.dumps(_payload(self._world, row, token, held)).encode()
        headers = {"Content-Type": "application/json"} | _headers(row)
        request = Outgoing("POST", f"{row['url']}/submitAsyncAction", headers, body)

        self._signed(row, request, "service.call", partial(self._submitted, token))

    def _submitted(self, token: str, outcome: Outcome) -> None:
        held = self._world.table(INVOCATION).get(token)
        if held is None or outcome.status == ACCEPTED:
            return
        is_busy = outcome.status in (0, TOO_MANY) or outcome.status >= BROKEN
        if is_busy and held["tries"] < TRIES:
            self._world.schedule(self._world.now + RETRY_AFTER, RETRY, token)
        else:
            self._fail(token, f"{outcome.status} {outcome.reason}".strip())

    def _signed(
        self, row: Row, request: Outgoing, name: str, then: Callable[[Outcome], None]
    ) -> None:
        """Send a request with the service's credentials; OAuth fetches a token first."""
        auth: Row = row.get("auth") or {}
        if auth.get("kind") != "oauth2":
            self._outbound.send(name, request, then)
            return
        given = {one: auth[one] for one in ("client_id", "client_secret")}
        form = urlencode({"grant_type": "client_credentials"} | given).encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded"}

        def received(outcome: Outcome) -> None:
            bearer = _object(outcome).get("access_token", "")
            headers = {**request.headers, "Authorization": f"Bearer {bearer}"}
            signed = Outgoing(request.method, request.url, headers, request.body)
            self._outbound.send(name, signed, then)

        fetch = Outgoing("POST", auth["token_url"], kind, form)
        self._outbound.send("service.token", fetch, received)

    def _fail(self, token: str, reason: str) -> None:
        held = self._world.table(INVOCATION)[token]
        for lead in list(held["waiting"]):
            self._finish(token, lead, {"success": False, "reason": reason})

    def callback(self, request: Request) -> Response:
        """What the service found out: writes the fields that are mapped, and logs an activity."""
        token = request.headers.get("x-callback-token", "")
        held = self._world.table(INVOCATION).get(token)
        if held is None or not held["waiting"]:
            return Response.of({"error": "unknown callback token"}, 404)
        if request.headers.get("x-api-key") != held["key"]:
            return Response.of({"error": "wrong x-api-key"}, 401)
        if request.method != "POST":
            return Response.of({"error": "only POST"}, 405)
        try:
            body = cast("Row", request.json())
            if body.get("munchkinId") != MUNCHKIN:
                return Response.of({"error": "munchkinId is not this subscription's"}, 400)
            if body.get("errorCode"):
                self._fail(token, f"{body['errorCode']}: {body.get('errorMessage', '')}")
            else:
                self._take(token, body)
        except (AttributeError, TypeError, ValueError) as error:
            return Response.of({"error": f"the body is not a flowCallBack: {error}"}, 400)
        return Response.of({"success": True})

    def _take(self, token: str, body: Row) -> None:
        defaults: Row = body.get("defaultValues") or {}
        rows: list[Row] = body.get("objectData") or []
        for each in rows:
            lead: Row = defaults.get("leadDefaults", {}) | (each.get("leadData") or {})
            activity: Row = defaults.get("activityDefaults", {}) | (each.get("activityData") or {})
            if lead.get("id") in self._world.table(INVOCATION)[token]["waiting"]:
                self._write(token, lead)
                self._finish(token, lead["id"], activity)

    def _write(self, token: str, lead: Row) -> None:
        held = self._world.table(INVOCATION)[token]
        incoming: Mapping[str, str] = self._world.table(STEP)[held["service"]].get("incoming") or {}
        changes: Row = {}
        for attribute, value in lead.items():
            field = field_named(self._world, incoming.get(attribute, ""))
            if field is not None and field.is_writable and (value is None or fits(field, value)):
                changes[incoming[attribute]] = value
        reason = (
            f"Smart Campaign: {held['campaign']['id']}, Step Seq ID: {held['flow']['step'] + 1}"
        )
        source = f"{held['service']} ({held['batch']})"
        people.change_person(self._world, lead["id"], changes, reason=reason, source=source)

    def _finish(self, token: str, lead: int, activity: Row) -> None:
        held = self._world.table(INVOCATION)[token]
        held["waiting"].remove(lead)
        if str(lead) in self._world.table(people.PERSON):
            self._log(held, lead, activity)
            self._done(held, lead)

    def _log(self, held: Row, lead: int, activity: Row) -> None:
        told = {"service": held["service"], "activity": activity}
        self._world.record("effect", "marketo", "service.activity", id=lead, **told)
        definition = self._world.table(STEP)[held["service"]].get("definition")
        if definition is not None:
            primary = held["values"].get(definition["primaryAttribute"])
            people.log_activity(
                self._world,
                lead,
                activity_types.register(self._world, definition),
                primary=None if primary is None else str(primary),
                attributes=held["values"] | activity,
            )


def _object(outcome: Outcome) -> Row:
    """The JSON object that came back, empty when none did."""
    try:
        told: Json = json.loads(outcome.body) if outcome.is_success else None
    except ValueError:
        told = None
    return cast("Row", told) if isinstance(told, dict) else {}


def _headers(row: Row) -> dict[str, str]:
    auth: Row = row.get("auth") or {}
    headers: dict[str, str] = dict(row.get("headers") or {})
    if auth.get("kind") == "apiKey":
        headers[str(auth["name"])] = str(auth["value"])
    if auth.get("kind") == "basic":
        pair = base64.b64encode(f"{auth['user']}:{auth['password']}".encode()).decode()
        headers["Authorization"] = f"Basic {pair}"
    return headers


def _payload(world: World, row: Row, token: str, held: Row) -> Row:
    """The body of an invocation, with what the definition asks for."""
    asked: Row = row["definition"]["invocationPayloadDef"]
    context: Row = {"subscription": {"munchkinId": MUNCHKIN, "prefix": "meridian"}}
    context["admin"] = row.get("admin") or {}
    if asked.get("campaignContext"):
        context["campaign"] = held["campaign"]
    if asked.get("programContext"):
        context["program"] = {"name": held["program"]}
    table = world.table(people.PERSON)
    outgoing: Mapping[str, str] = row.get("outgoing") or {}
    return {
        "token": token,
        "batchid": held["batch"],
        "apiCallBackKey": held["key"],
        "campaignId": held["campaign"]["id"],
        "callbackUrl": f"{row['callback']}{CALLBACK}",
        "context": context,
        "objectData": [
            {
                "objectType": "lead",
                "objectContext": {"id": lead}
                | {each: table[str(lead)].get(name) for each, name in outgoing.items()},
                "flowStepContext": held["values"],
            }
            for lead in held["waiting"]
            if str(lead) in table
        ],
    }
