"""What a person typed, from what Slack delivers; every line is of Slack's own notation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.slack.messages.typed_text import delivered
from tools.slack.messages.typed import entered, typed

PEOPLE = {"U0BOT": "", "U0000000079": "Ben Okafor"}


def named(user: str, label: str) -> str:
    """The names of this workspace."""
    return PEOPLE.get(user, f"@{label or user}")


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("Globex &amp; Co", "Globex & Co"),
        ("R&amp;D Partners", "R&D Partners"),
        ("legal &lt;Q4&gt; first", "legal <Q4> first"),
        ("&amp;amp;", "&amp;"),
        ("&amp;lt;@U0000000079&amp;gt;", "&lt;@U0000000079&gt;"),
        ("&lt;@U0000000079&gt;", "<@U0000000079>"),
        ("<mailto:kim@globex.example|kim@globex.example>", "kim@globex.example"),
        ("<mailto:kim@globex.example>", "kim@globex.example"),
        ("<tel:+15550100|555-0100>", "555-0100"),
        ("<http://acme.example|acme.example>", "acme.example"),
        ("<https://acme.example/a?b=1&amp;c=2>", "https://acme.example/a?b=1&c=2"),
        ("<https://acme.example|our customer>", "our customer"),
        ("<https://a.example/x_y_z|R&amp;D *x*>", "R&D *x*"),
        ("<@U0000000079>", "Ben Okafor"),
        ("<@U0000000079|ben>", "Ben Okafor"),
        ("<@U0BOT> why Dana Fox", "why Dana Fox"),
        ("*<@U0BOT>* why _Dana Fox_", "why Dana Fox"),
        ("unworked <@U0000000500|sam>", "unworked @sam"),
        ("<#C0000000012|emea>", "emea"),
        ("<!here> why Dana Fox", "@here why Dana Fox"),
        ("<!subteam^S1|@reps>", "@reps"),
        ("<!date^1392734382^{date_num}|2014-02-18>", "2014-02-18"),
        ("what’s unworked", "what's unworked"),
        ("why “Dana Fox”", 'why "Dana Fox"'),
        ("*why Dana Fox*", "why Dana Fox"),
        ("_why Dana Fox_", "why Dana Fox"),
        ("~why Dana Fox~", "why Dana Fox"),
        ("`why Dana Fox`", "why Dana Fox"),
        ("*_why Dana Fox_*", "why Dana Fox"),
        ("&gt; why Dana Fox", "why Dana Fox"),
        ("&gt; what she wrote\nwhy Dana Fox", "why Dana Fox\nwhat she wrote"),
        ("```why Dana Fox```", "why Dana Fox"),
        ("```\nwhy Dana Fox\n```", "why Dana Fox"),
        ("why Dana Fox :pray::skin-tone-3:", "why Dana Fox"),
        (":wave: why Dana Fox :+1: :100:", "why Dana Fox"),
        ("hold Dana until 10:30:15", "hold Dana until 10:30:15"),
        ("set snake_case_name to 2*3*4", "set snake_case_name to 2*3*4"),
        ("why Dana Fox\nshe asks again", "why Dana Fox\nshe asks again"),
        ("find Dana \ufffd", "find Dana"),
        ("why\u00a0Dana\u200b Fox", "why Dana Fox"),
        ("a <b> c", "a <b> c"),
        ("1 < 2 and <3", "1 < 2 and <3"),
        ("", ""),
    ],
)
def test_words_are_what_was_typed(told: str, words: str) -> None:
    """Escapes, links, people, formats, quotes and emoji are decoded once, and nothing else."""
    assert words == typed(told, named)


@given(st.text(alphabet="Dana Fox&<>;ampltg|@#!:/.*_~`\n", max_size=80))
def test_any_text_is_decoded_and_a_field_comes_back(text: str) -> None:
    """No text fails, and what a client escapes comes back from a field as it was filled in."""
    typed(text, named)
    typed(delivered(text), named)
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert text == entered(escaped)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Globex & Co <Q4>", "Globex &amp; Co &lt;Q4&gt;"),
        ("kim@globex.example", "<mailto:kim@globex.example|kim@globex.example>"),
        ("see acme.example, or", "see <http://acme.example|acme.example>, or"),
        ("https://a.example/?b=1&c=2", "<https://a.example/?b=1&amp;c=2>"),
        ("give it to <@U0000000079>", "give it to <@U0000000079>"),
        ("in <#C0000000012|emea>", "in <#C0000000012|emea>"),
        ("v1.2 at 3.30", "v1.2 at 3.30"),
    ],
)
def test_the_sandbox_delivers_as_a_client_does(text: str, told: str) -> None:
    """What is typed becomes Slack's notation: signs escaped, addresses and links as tokens."""
    assert told == delivered(text)
