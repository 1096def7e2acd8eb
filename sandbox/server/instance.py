"""A world behind real ports: every face on a plain port, Salesforce on a TLS port of its own."""

from dataclasses import dataclass

from sandbox import enrichment, faults, look, marketo, openai, salesforce, slack
from sandbox.control import api
from sandbox.http import tls
from sandbox.http.message import Json
from sandbox.http.tunnel import Tunnels
from sandbox.server.clock_thread import ClockThread
from sandbox.server.http_server import Server
from sandbox.slack.messages.scheduled_messages import live
from sandbox.slack.people.openid import CLIENT_ID, CLIENT_SECRET
from sandbox.slack.transport.deliveries import Deliveries
from sandbox.slack.transport.socket_mode import SocketMode
from sandbox.slack.web.app import SIGNING_SECRET, serve_at
from sandbox.state.world import World

SLACK_TOKEN = "xoxb-sandbox"
SLACK_APP_TOKEN = "xapp-sandbox"
OPENAI_KEY = "sk-sandbox"
PROVIDER_KEYS = {"pdl": "pdl-sandbox", "apollo": "apollo-sandbox", "hunter": "hunter-sandbox"}


@dataclass(frozen=True, slots=True)
class Running:
    """A started world; `stop` frees its ports."""

    world: World
    plain: Server
    secure: Server
    marketo: Server
    """Marketo's face over TLS, for clients that know only its own hosts; the tunnels lead there."""
    socket: SocketMode
    deliveries: Deliveries
    clock_thread: ClockThread
    tunnels: Tunnels
    ca_file: str
    """The certificate of the authority that the TLS port's certificate is signed by."""

    @property
    def url(self) -> str:
        """The plain port's address."""
        return f"http://127.0.0.1:{self.plain.port}"

    def details(self) -> Json:
        """Every address and credential, as `python -m sandbox` prints them."""
        return {
            "marketo": {
                "base_url": f"{self.url}/marketo/rest",
                "identity_url": f"{self.url}/marketo/identity",
                "client_id": marketo.CLIENT_ID,
                "client_secret": marketo.CLIENT_SECRET,
            },
            "salesforce": {
                "domain": f"localhost:{self.secure.port}",
                "instance_url": f"https://localhost:{self.secure.port}",
                "consumer_key": salesforce.CONSUMER_KEY,
                "consumer_secret": salesforce.CONSUMER_SECRET,
                "username": salesforce.RUN_AS,
                "password": salesforce.PASSWORD,
                "security_token": salesforce.SECURITY_TOKEN,
                "refresh_token": salesforce.REFRESH_TOKEN,
                "ca_file": self.ca_file,
            },
            "slack": {
                "api_url": f"{self.url}/slack/api/",
                "bot_token": SLACK_TOKEN,
                "app_token": SLACK_APP_TOKEN,
                "signing_secret": SIGNING_SECRET,
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
            },
            "pdl": {"base_url": f"{self.url}/pdl", "api_key": PROVIDER_KEYS["pdl"]},
            "apollo": {"base_url": f"{self.url}/apollo", "api_key": PROVIDER_KEYS["apollo"]},
            "hunter": {"base_url": f"{self.url}/hunter", "api_key": PROVIDER_KEYS["hunter"]},
            "openai": {
                "base_url": f"{self.url}/openai/v1",
                "api_key": OPENAI_KEY,
                "model": openai.MODEL,
            },
            "proxy": f"http://127.0.0.1:{self.tunnels.port}",
            "control": f"{self.url}/_control",
            "look": f"{self.url}/look",
            "now": self.world.now.isoformat(),
        }

    def stop(self) -> None:
        """Stop everything that runs."""
        self.tunnels.stop()
        self.clock_thread.stop()
        self.deliveries.stop()
        self.socket.stop()
        self.plain.stop()
        self.secure.stop()
        self.marketo.stop()


def start(world: World, *, port: int = 0) -> Running:
    """Put a world behind its ports: `port` (0 is any free one) and a free one for Salesforce.

    The credentials in `Running.details` are made valid in the world. Raises OSError when the
    port is taken.
    """
    slack.add_token(world, SLACK_TOKEN)
    slack.add_token(world, SLACK_APP_TOKEN, kind="app")
    openai.add_key(world, OPENAI_KEY)
    for provider, key in PROVIDER_KEYS.items():
        enrichment.add_account(world, provider, key)
    socket = SocketMode(world)
    deliveries = Deliveries(world, socket, faults.delivered)
    live(world)
    marketing = marketo.face(world)
    faces = {
        "/marketo": marketing,
        "/slack": slack.face(world),
        "/pdl": enrichment.pdl(world),
        "/apollo": enrichment.apollo(world),
        "/hunter": enrichment.hunter(world),
        "/openai": openai.face(world),
        "/_control": api.face(world),
        "/look": look.face(world, deliveries.is_heard),
    }
    context, ca_file = tls.serve()
    plain = Server(world, faces, port=port)
    secure = Server(world, {"/": salesforce.face(world)}, tls=context)
    clock_thread = ClockThread(world)
    direct = Server(world, {"/": marketing}, tls=context, at_root="marketo")
    tunnels = Tunnels({".salesforce.com": secure.port, ".mktorest.com": direct.port})
    for each in (socket, plain, secure, direct, clock_thread, tunnels):
        each.start()
    serve_at(world, f"http://127.0.0.1:{plain.port}/slack")
    return Running(world, plain, secure, direct, socket, deliveries, clock_thread, tunnels, ca_file)
