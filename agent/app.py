"""The composition root: from settings to a worker. The only place that knows the vendors."""

import random
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from pydantic import SecretStr

from agent.ledger import Ledger, open_ledger, read_ledger
from agent.metrics import lead_history
from agent.metrics.lead_history import Told
from agent.policy.file import load_policy
from agent.policy.watched import WatchedPolicy
from agent.rollout import publications
from agent.run.context import RunContext
from agent.run.holder import new_name
from agent.run.model_trouble import ModelTrouble
from agent.run.vendor_calls import VendorCalls
from agent.settings import Settings, keep_to_ourselves, require
from domain.intake.normalization.fields import canonical_values
from domain.intake.vocabulary.compiled import compiled
from domain.lead.model import FieldName
from domain.policy.model import Assignment, Policy
from domain.ports import (
    Clock,
    Crm,
    Enrichment,
    Finding,
    Marketing,
    Messenger,
    RecordLinks,
    SignIn,
    Watch,
    unwatched,
)
from domain.values import LeadKey, Scalar
from tools import enrichment, salesforce
from tools.heartbeat import Heartbeat
from tools.http import HttpSettings, Transport
from tools.llm.gateway import LlmGateway, LlmSettings
from tools.llm.investigator import ModelInvestigator
from tools.llm.talker import ModelTalker
from tools.marketo.client import MarketoAccess, MarketoClient
from tools.marketo.examination import Expectations
from tools.marketo.fields import PERSON_FIELDS
from tools.marketo.gateway import MarketoGateway
from tools.quota import Budget, Limits
from tools.slack.client import SlackAccess
from tools.slack.gateway import SlackGateway
from tools.slack.users.sign_in import SlackSignIn

if TYPE_CHECKING:
    from agent.conversation.memory import Memory

FIELDS = PERSON_FIELDS
"""Marketo's REST names of the fields of a lead."""


class WallClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """The present."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


def _no_hurry() -> None:
    """Nobody ticks by a schedule here."""


def open_app(settings: Settings, clock: Clock | None = None) -> "App":
    """Everything that a process needs; nothing is sent to anyone yet.

    Raises PolicyError, SettingsError or LedgerError with what to do.
    """
    keep_to_ourselves()
    policy = load_policy(settings.routeready_policy)
    ledger = open_ledger(settings.routeready_database)
    return App(settings, ledger.publications.named(policy), ledger, clock or WallClock())


def open_to_read(settings: Settings, clock: Clock | None = None) -> "App":
    """The same over a ledger that is left as it is: nothing is created or migrated.

    Raises PolicyError, SettingsError or LedgerError with what to do.
    """
    policy = load_policy(settings.routeready_policy)
    ledger = read_ledger(settings.routeready_database)
    return App(settings, ledger.publications.named(policy), ledger, clock or WallClock())


@dataclass
class App:
    """The parts of one process; gateways are made when first asked for."""

    settings: Settings
    policy: Policy
    ledger: Ledger
    clock: Clock
    chance: random.Random = field(default_factory=random.Random)
    hurry: Callable[[], None] = _no_hurry
    """Asks for the next tick now instead of at its time; whoever ticks sets it."""
    watch: Watch = unwatched
    """Put around every vendor call, node and tick: counts and traces, where somebody wants them."""
    new_run: Callable[[], str] = lambda: f"r{uuid.uuid4().hex[:12]}"
    _watched_policy: WatchedPolicy | None = None

    @cached_property
    def name(self) -> str:
        """Under which this process holds leases."""
        return new_name()

    def reload_policy(self) -> bool:
        """Take up the policy file when its content changed; says whether it did.

        Raises PolicyError when the new file has errors; the old policy stays in force.
        """
        path = self.settings.routeready_policy
        if self._watched_policy is None or self._watched_policy.path != path:
            self._watched_policy = WatchedPolicy(path)
        policy = self._watched_policy.load()
        if policy.fingerprint == self.policy.fingerprint:
            return False
        self.policy = self.ledger.publications.named(policy)
        for made_for_the_old in ("marketing", "_salesforce", "messenger", "enrichment"):
            self.__dict__.pop(made_for_the_old, None)
        return True

    def context(self) -> RunContext:
        """What one run may touch; `now` is one value for all of it."""
        return RunContext(
            run=self.new_run(),
            now=self.clock.now(),
            policy=self.policy,
            ledger=self.ledger,
            marketing=self.marketing,
            crm=self.crm,
            enrichment=self.enrichment,
            messenger=self.messenger,
            investigator=self.investigator,
            talker=self.talker,
            batch_size=self.settings.routeready_batch_size,
            look_back=timedelta(hours=self.settings.marketo_look_back_hours),
            canary=publications.canary(self.ledger, self.policy),
            watch=self.watch,
            halted=self._stop_file,
        )

    def _stop_file(self) -> str | None:
        file = self.settings.routeready_stop_file
        return str(file) if file.exists() else None

    @cached_property
    def marketing(self) -> Marketing:
        """Marketo."""
        settings = self.settings
        access = MarketoAccess(
            url=require(settings.marketo_base_url, "MARKETO_BASE_URL"),
            client_id=require(settings.marketo_client_id, "MARKETO_CLIENT_ID"),
            client_secret=SecretStr(
                require(settings.marketo_client_secret, "MARKETO_CLIENT_SECRET")
            ),
        )
        budget = Budget("marketo", self.clock, Limits())
        http = HttpSettings(watch=self._watched)
        transport = Transport("marketo", self.clock, self.chance, http, budget=budget)
        client = MarketoClient(access, transport, self.clock)
        campaign = self.policy.sync.campaign if self.policy.sync.request else None
        return MarketoGateway(client, self.clock, expectations=Expectations(sync_campaign=campaign))

    @property
    def links(self) -> RecordLinks:
        """Where people open records."""
        return self._salesforce

    @property
    def crm(self) -> Crm:
        """Salesforce."""
        return self._salesforce

    @cached_property
    def _salesforce(self) -> salesforce.Gateway:
        settings, policy = self.settings, self.policy
        domain = require(settings.salesforce_domain, "SALESFORCE_DOMAIN")
        connection = salesforce.Connection(
            url=f"https://{domain.removeprefix('https://').rstrip('/')}",
            credentials=self._salesforce_credentials(),
            ca_file=settings.salesforce_ca_file,
        )
        choosers = {segment.assignment for segment in policy.segments}
        expected = salesforce.Expected(
            users=tuple(sorted(policy.users)),
            queues=tuple(sorted({queue.salesforce for queue in policy.queues.values()})),
            worker_assigns=Assignment.WORKER in choosers,
            salesforce_assigns=Assignment.SALESFORCE_RULES in choosers,
        )
        guard = salesforce.Guard(settings.salesforce_guard)
        made = salesforce.Settings(connection, guard=guard, expected=expected)
        return salesforce.Gateway(made, self.clock, self._watched)

    def _salesforce_credentials(self) -> salesforce.ClientCredentials | salesforce.JwtBearer:
        settings = self.settings
        key = require(settings.salesforce_consumer_key, "SALESFORCE_CONSUMER_KEY")
        if settings.salesforce_private_key_file is not None:
            username = require(settings.salesforce_username, "SALESFORCE_USERNAME")
            return salesforce.JwtBearer(key, username, settings.salesforce_private_key_file)
        secret = require(settings.salesforce_consumer_secret, "SALESFORCE_CONSUMER_SECRET")
        return salesforce.ClientCredentials(key, secret)

    @cached_property
    def heartbeat(self) -> Callable[[], None] | None:
        """Tells somebody elsewhere that the worker is alive; None without an address.

        Raises SettingsError for an address that can't be one.
        """
        url = self.settings.routeready_heartbeat_url
        if url is None:
            return None
        is_private_allowed = self.settings.routeready_heartbeat_private
        return Heartbeat(url.get_secret_value(), is_private_allowed=is_private_allowed).beat

    @cached_property
    def messenger(self) -> Messenger | None:
        """Slack; None without a token."""
        if self.settings.slack_bot_token is None:
            return None
        access = SlackAccess(self.settings.slack_bot_token, self.settings.slack_base_url)
        people = sorted(self.policy.users)
        return SlackGateway(
            access,
            self.clock,
            self._salesforce,
            expected=people,
            snoozes=self.policy.follow_through.snooze.choices,
            watch=self._watched,
        )

    @cached_property
    def sign_in(self) -> SignIn | None:
        """Sign in with Slack; None without a client id.

        Raises SettingsError when it comes without its secret or the bot's token.
        """
        settings = self.settings
        if settings.slack_client_id is None:
            return None
        secret = SecretStr(require(settings.slack_client_secret, "SLACK_CLIENT_SECRET"))
        token = SecretStr(require(settings.slack_bot_token, "SLACK_BOT_TOKEN"))
        access = SlackAccess(token, settings.slack_base_url)
        return SlackSignIn(settings.slack_client_id, secret, access, self.clock, self.watch)

    @cached_property
    def enrichment(self) -> Enrichment | None:
        """The providers that have a key, in the policy's order; None when none has."""
        settings = self.settings
        keys = {
            "pdl": (settings.pdl_api_key, settings.pdl_base_url, enrichment.Pdl),
            "apollo": (settings.apollo_api_key, settings.apollo_base_url, enrichment.Apollo),
            "hunter": (settings.hunter_api_key, settings.hunter_base_url, enrichment.Hunter),
        }
        http = replace(enrichment.HTTP, watch=self._watched)
        providers = [
            make(
                enrichment.ProviderAccess(url, key),
                Transport(name, self.clock, self.chance, http),
                self.clock,
            )
            for name, (key, url, make) in keys.items()
            if key is not None
        ]
        if not providers:
            return None
        return enrichment.EnrichmentGateway(
            self.policy.enrichment, providers, self.ledger.answers, self.clock, self._canonical
        )

    def _canonical(self, values: Mapping[FieldName, Scalar]) -> Mapping[FieldName, Scalar]:
        """A provider's values in canonical form, read with the policy's own words."""
        return canonical_values(values, compiled(self.policy.vocabulary))

    @cached_property
    def investigator(self) -> ModelInvestigator | None:
        """The model that looks closer at puzzling cases; None without a key and a model."""
        access = self._model_access()
        if access is None:
            return None
        told = self.model_trouble.told
        gateway = LlmGateway(access, self.clock, self.chance, self.watch, told)
        return ModelInvestigator(gateway, self.clock)

    @cached_property
    def talker(self) -> ModelTalker | None:
        """The model that holds conversations; None without a key and a model."""
        access = self._model_access()
        if access is None:
            return None
        told = self.model_trouble.told
        return ModelTalker(LlmGateway(access, self.clock, self.chance, self.watch, told))

    @cached_property
    def model_trouble(self) -> ModelTrouble:
        """What is wrong with the model, for the log and for health."""
        return ModelTrouble(self.clock)

    @cached_property
    def vendor_calls(self) -> VendorCalls:
        """Which vendors don't answer, for health."""
        return VendorCalls(self.clock.now)

    @property
    def _watched(self) -> Watch:
        return self.vendor_calls.around(self.watch)

    @cached_property
    def memory(self) -> "Memory":
        """What is remembered of conversations."""
        from agent.conversation.memory import open_memory  # noqa: PLC0415  (LangGraph is slow)

        return open_memory(self.ledger.engine)

    def _model_access(self) -> LlmSettings | None:
        settings = self.settings
        if settings.openai_api_key is None or settings.openai_model is None:
            return None
        return LlmSettings(
            api_key=settings.openai_api_key,
            model=settings.openai_model,
            base_url=settings.openai_base_url,
        )

    def quotas_left(self) -> dict[str, int]:
        """Calls that vendors still grant us, by vendor, as they last said it."""
        made: salesforce.Gateway | None = self.__dict__.get("_salesforce")
        usage = None if made is None else made.usage
        return {} if usage is None else {"salesforce": usage.limit - usage.used}

    def close(self) -> None:
        """Close what is kept open: connections and the database."""
        for name in ("_salesforce", "investigator", "talker", "memory"):
            made = self.__dict__.pop(name, None)
            if made is not None:
                made.close()
        self.ledger.engine.dispose()

    def stories(self, who: str) -> list[Told]:
        """The stories of a lead by email address or Marketo id."""
        told = [lead_history.tell(self.ledger, key, self.policy.timezone) for key in self.keys(who)]
        return [story for story in told if story is not None]

    def keys(self, who: str) -> list[LeadKey]:
        """The leads with an email address, or with a Marketo id."""
        if "@" not in who:
            return [LeadKey(who)]
        return list(self.marketing.same_email([who]).get(who.lower(), ()))

    def deployer(self) -> salesforce.Deployer:
        """What sets Salesforce up."""
        return self._salesforce.deployer()

    def examine(self) -> list[Finding]:
        """What every vendor's own examination found."""
        findings = [*self.marketing.examine(), *self.crm.examine()]
        if self.messenger is not None:
            findings += self.messenger.examine()
        if self.enrichment is not None:
            findings += self.enrichment.examine()
        access = self._model_access()
        if access is not None:
            model = LlmGateway(access, self.clock, self.chance, self.watch)
            findings += model.examine()
            model.close()
        return findings
