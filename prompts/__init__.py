"""What we say to a model, as data: one Markdown file per prompt, versioned by its content.

A file begins with its settings as YAML between two lines of `---`, then has a part headed
`# system` and a part headed `# user`. Only the user part may have variables, written
`{{ name }}`: text from outside never stands in the system part. A variable is put in as JSON, so
that its text can't end its own quotes.
"""

import json
import re
from collections.abc import Mapping
from importlib.resources import files

from pydantic import Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from domain.errors import RoutereadyError
from domain.values import Value, content_hash

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_FORM = re.compile(
    r"---\n(?P<settings>.*?)\n---\n+# system\n(?P<system>.*?)\n# user\n(?P<user>.*)", re.DOTALL
)
_VARIABLE = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")


class PromptError(RoutereadyError):
    """A prompt file does not make sense, or is used with other variables than it names."""


class PromptSettings(Value):
    """The front matter of a prompt file."""

    purpose: str
    """What it is for, in one sentence."""
    variables: tuple[str, ...] = ()
    """What the user part must be given; no more and no less."""
    output: str = "text"
    """What is answered: `text`, `tools` (calls of tools, then text), or the name of a form."""
    max_tokens: int = Field(ge=1)
    """Longest answer. Which model, and how warm, is the deployment's to say."""


class Prompt(Value):
    """One prompt at one version."""

    name: str
    text: str
    """The whole file."""
    version: str
    """A fingerprint of the whole file, settings included."""
    settings: PromptSettings
    system: str
    user: str
    """With its variables not yet put in."""

    def messages(self, **variables: object) -> list[dict[str, str]]:
        """The messages for a model, with each variable put in as JSON.

        Raises:
            PromptError: a variable is missing or not known.
        """
        wanted, given = set(self.settings.variables), set(variables)
        wrong = [f"{one} is missing" for one in sorted(wanted - given)]
        wrong += [f"{one} is not known" for one in sorted(given - wanted)]
        if wrong:
            raise PromptError(f"prompts/{self.name}.md, variables: {', '.join(wrong)}")
        return [
            {"role": "system", "content": self.system},
            {"role": "user", "content": _filled(self.user, variables)},
        ]


def load(name: str) -> Prompt:
    """Read a prompt by its name, such as `read_lead`.

    Raises:
        PromptError: there is no such prompt, or its file does not make sense.
    """
    if not _NAME.fullmatch(name):
        raise PromptError(f'Unknown prompt "{name}". See: routeready prompts list')
    try:
        text = files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise PromptError(f'Unknown prompt "{name}". See: routeready prompts list') from None
    return parse(name, text)


def parse(name: str, text: str) -> Prompt:
    """Read a prompt from its file's text; raises PromptError saying what is wrong."""
    found = _FORM.fullmatch(text)
    if found is None:
        form = "settings between two lines of ---, then '# system' and '# user'"
        raise PromptError(f"prompts/{name}.md: the file must have {form}")
    settings = _settings(name, found["settings"])
    if _VARIABLE.search(found["system"]):
        raise PromptError(f"prompts/{name}.md: only the user part may have variables")
    named, used = set(settings.variables), set(_VARIABLE.findall(found["user"]))
    wrong = [f"{one} is used but not listed" for one in sorted(used - named)]
    wrong += [f"{one} is listed but not used" for one in sorted(named - used)]
    if wrong:
        raise PromptError(f"prompts/{name}.md, variables: {', '.join(wrong)}")
    return Prompt(
        name=name,
        text=text,
        version=content_hash(text),
        settings=settings,
        system=found["system"].strip(),
        user=found["user"].strip(),
    )


def _settings(name: str, text: str) -> PromptSettings:
    try:
        return PromptSettings.model_validate(YAML(typ="safe", pure=True).load(text))
    except YAMLError as error:
        raise PromptError(f"prompts/{name}.md: the settings are not valid YAML: {error}") from None
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        raise PromptError(f"prompts/{name}.md: {'; '.join(wrong)}") from None


def _filled(text: str, variables: Mapping[str, object]) -> str:
    """Every variable in one go, so that a value which looks like a variable stays as it is."""
    return _VARIABLE.sub(
        lambda found: json.dumps(variables[found[1]], ensure_ascii=False, sort_keys=True), text
    )
