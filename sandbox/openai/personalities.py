"""Ready-made characters for the scripted model, for tests and for calibrating evals."""

from sandbox.openai.script import add_rule
from sandbox.world import Row, World

LATE = 1_000
"""Rank of a personality's rules: whatever a test teaches is tried before."""

PERSONALITIES: dict[str, list[tuple[Row, Row]]] = {
    "good": [({}, {"compose": "plain"})],
    "lazy": [({}, {"text": "Done."})],
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


def become(world: World, personality: str) -> None:
    """Let the model take a personality; it replaces the one before, not a test's own rules."""
    table = world.table("openai.script")
    for rule_id in [key for key, rule in table.items() if rule["rank"] >= LATE]:
        del table[rule_id]
    for when, reply in PERSONALITIES[personality]:
        add_rule(world, when, reply, rank=LATE)
