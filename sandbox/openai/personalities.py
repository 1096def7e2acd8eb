"""Ready-made characters for the scripted model, for tests and for calibrating evals.

    good         does what it is asked: calls the first tool, fills the schema
    lazy         says "Done." and does nothing
    chatty       does it, and wraps it in talk: prose around JSON, words beside a call
    gullible     takes the choice that the last message names, as hidden instructions do
    wrong_tool   calls a tool that nobody offered
    broken_json  stops in the middle of its JSON
    slow         good, after 45 seconds of the world's time
    refusing     says that it can't help
    overloaded, broke, down    the API's own errors: 429, a 429 that no waiting cures, 503

A character is taken by control (`become`), or by one request through the model's name, such as
`scripted-gullible` or `scripted-wrong-tool`. A test's own rules come before either.
"""

from sandbox.openai.script import LATE, PREFIX, add_rule
from sandbox.state.world import Row, World

PERSONALITIES: dict[str, list[tuple[Row, Row]]] = {
    "good": [({}, {"compose": "plain"})],
    "lazy": [({}, {"text": "Done."})],
    "chatty": [({}, {"compose": "chatty"})],
    "gullible": [({}, {"compose": "quoted"})],
    "broken_json": [({}, {"compose": "cut"})],
    "wrong_tool": [
        (
            {"role": "user"},
            {"tool_calls": [{"name": "delete_all_leads", "arguments": {"confirm": True}}]},
        ),
        ({}, {"text": "Done."}),
    ],
    "slow": [({}, {"compose": "plain", "delay_seconds": 45})],
    "refusing": [({}, {"refusal": "I'm sorry, I can't help with that."})],
    "overloaded": [
        (
            {},
            {
                "error": {
                    "status": 429,
                    "code": "rate_limit_exceeded",
                    "type": "requests",
                    "message": "Rate limit reached for requests",
                    "retry_after": 2,
                }
            },
        )
    ],
    "broke": [
        (
            {},
            {
                "error": {
                    "status": 429,
                    "code": "insufficient_quota",
                    "type": "insufficient_quota",
                    "message": "You exceeded your current quota.",
                }
            },
        )
    ],
    "down": [
        ({}, {"error": {"status": 503, "type": "server_error", "message": "Overloaded."}}),
    ],
}
"""Name to rules (`when`, `reply`), as `sandbox.openai.script` documents them."""


def character(model: str) -> list[tuple[Row, Row]]:
    """The rules of the character that a model's name ends with; none for other names."""
    name = model.removeprefix(PREFIX).replace("-", "_")
    return PERSONALITIES.get(name, []) if model.startswith(PREFIX) else []


def become(world: World, personality: str) -> None:
    """Let the model take a personality; it replaces the one before, not a test's own rules."""
    table = world.table("openai.script")
    for rule_id in [key for key, rule in table.items() if rule["rank"] >= LATE]:
        del table[rule_id]
    for when, reply in PERSONALITIES[personality]:
        add_rule(world, when, reply, rank=LATE)
