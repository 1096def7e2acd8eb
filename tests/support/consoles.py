"""The console as a test serves it: a real server on a port of its own, over a town's ledger."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser

import requests
from playwright.sync_api import Page

from agent import server
from agent.app import App
from agent.console.boards.workshop import Figures, beside
from agent.console.door import Address
from agent.console.visit import Office
from agent.console.web.application import LARGEST, build
from agent.console.web.server import open_office, usual
from agent.server import Bounded

START_SECONDS = 60


@dataclass
class Served:
    """A console that is served."""

    url: str
    office: Office

    def visitor(self, email: str | None = None) -> requests.Session:
        """A browser of somebody; without a name, of who started an open console or a stranger."""
        session = requests.Session()
        session.trust_env = False
        door, app = self.office.door, self.office.app
        started = email is None and door.address.is_open
        if started:
            email = usual(app.policy)
        if email is not None:
            secret = door.let_in(email, started=started)
            session.cookies.set(self.office.door.cookie, secret, domain="127.0.0.1")
        return session

    def sign_in(self, page: Page, email: str | None = None) -> None:
        """Sign a browser in; without a name, as who started the console."""
        cookies = self.visitor(email).cookies.get_dict()
        page.context.add_cookies(
            [{"name": name, "value": value, "url": self.url} for name, value in cookies.items()]
        )


@contextmanager
def serving(app: App, public: str | None = None) -> Generator[Served]:
    """Serve a console; with `public` people must sign in, `{port}` in it is the port."""
    with server.bound("127.0.0.1", 0, "--port") as listening:
        port = listening.getsockname()[1]
        address = Address("127.0.0.1", port, None if public is None else public.format(port=port))
        workshop = beside(app.ledger)
        office = open_office(app, address, workshop)
        office.figures = Figures(workshop, patience=START_SECONDS)
        try:
            with server.serving(Bounded(build(office), LARGEST), listening, "console"):
                yield Served(f"http://127.0.0.1:{port}", office)
        finally:
            workshop.close()


class _Forms(HTMLParser):
    """Collects a page's links and the secret of its forms."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.secret = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag says."""
        told = dict(attrs)
        self.links += [told[name] or "" for name in ("href", "action", "hx-get") if name in told]
        if tag == "input" and told.get("name") == "csrf":
            self.secret = told.get("value") or ""


def links(html: str) -> list[str]:
    """Every address that a page leads to."""
    read = _Forms()
    read.feed(html)
    return read.links


def form_secret(html: str) -> str:
    """What the forms of a page carry."""
    read = _Forms()
    read.feed(html)
    return read.secret
