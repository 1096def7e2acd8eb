"""SOAP as values: what an envelope asks for, and the envelopes that answer.

An element becomes a text, or an object of its children; children of one name become a list. The
attribute `xsi:type` is kept under `TYPE`, without its prefix.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar, cast
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from sandbox.http.message import Json, Response
from sandbox.state.world import Row

T = TypeVar("T")

PARTNER = "urn:partner.soap.sforce.com"
METADATA = "http://soap.sforce.com/2006/04/metadata"
TYPE = "@type"
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"


class SoapError(Exception):
    """A call that is refused as a whole: Salesforce's code and sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class SoapCall:
    """What an envelope asks for."""

    operation: str
    arguments: Row
    session: str | None
    """The session id of its header."""


def read(body: bytes) -> SoapCall:
    """The call in an envelope. Raises `SoapError`."""
    try:
        envelope = ET.fromstring(body)  # noqa: S314  (expat refuses entity bombs)
    except ET.ParseError as error:
        raise SoapError("UNKNOWN_EXCEPTION", f"XML document is not well formed: {error}") from None
    parts = {_local(each): each for each in envelope}
    body_part = parts.get("Body")
    if body_part is None or not len(body_part):
        raise SoapError("UNKNOWN_EXCEPTION", "No operation available for request")
    told = _value(body_part[0])
    session = next(
        (
            each.text
            for each in parts.get("Header", ())
            for each in each.iter()
            if _local(each) == "sessionId"
        ),
        None,
    )
    arguments = cast("Row", told) if isinstance(told, dict) else {}
    return SoapCall(_local(body_part[0]), arguments, session)


def named_in(operations: Mapping[str, T], call: SoapCall) -> T:
    """What performs a call. Raises `SoapError`."""
    operation = operations.get(call.operation)
    if operation is None:
        raise SoapError("UNKNOWN_EXCEPTION", f"No operation available for request {call.operation}")
    return operation


def read_document(body: bytes) -> Row:
    """The one element of an XML document, such as a component's file. Raises ValueError."""
    try:
        told = _value(ET.fromstring(body))  # noqa: S314  (expat refuses entity bombs)
    except ET.ParseError as error:
        raise ValueError(f"not well-formed XML: {error}") from None
    return cast("Row", told) if isinstance(told, dict) else {}


def _local(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _value(element: ET.Element) -> Json:
    kind = element.get(f"{{{_XSI}}}type")
    if not len(element) and kind is None:
        is_nil = element.get(f"{{{_XSI}}}nil") == "true"
        return None if is_nil else (element.text or "")
    told: Row = {} if kind is None else {TYPE: kind.rpartition(":")[2]}
    if not len(element) and element.text:
        return element.text
    for child in element:
        name, value = _local(child), _value(child)
        if name in told:
            held: Json = told[name]
            told[name] = (
                [*cast("list[Json]", held), value] if isinstance(held, list) else [held, value]
            )
        else:
            told[name] = value
    return told


def answer(operation: str, result: Json, namespace: str) -> Response:
    """The envelope of a call's results; a list is one result after the other."""
    inner = element("result", result)
    return _enveloped(
        200, f'<{operation}Response xmlns="{namespace}">{inner}</{operation}Response>'
    )


def fault(error: SoapError, namespace: str = PARTNER) -> Response:
    """The envelope of a refusal."""
    code, message = escape(error.code), escape(error.message)
    kind = "LoginFault" if error.code.startswith("INVALID_LOGIN") else "UnexpectedErrorFault"
    return _enveloped(
        500,
        f"<soapenv:Fault><faultcode>sf:{code}</faultcode><faultstring>{code}: {message}"
        f'</faultstring><detail><sf:{kind} xsi:type="sf:{kind}"><sf:exceptionCode>{code}'
        f"</sf:exceptionCode><sf:exceptionMessage>{message}</sf:exceptionMessage></sf:{kind}>"
        "</detail></soapenv:Fault>",
        "urn:fault.partner.soap.sforce.com" if namespace == PARTNER else namespace,
    )


def element(name: str, value: Json) -> str:
    """A value as XML: a list as several elements, None as none."""
    if value is None:
        return ""
    if isinstance(value, list):
        return "".join(element(name, each) for each in cast("list[Json]", value))
    if isinstance(value, bool):
        return f"<{name}>{str(value).lower()}</{name}>"
    if not isinstance(value, Mapping):
        return f"<{name}>{escape(str(value))}</{name}>"
    told = cast("Mapping[str, Json]", value)
    kind = f' xsi:type="{told[TYPE]}"' if TYPE in told else ""
    inner = "".join(element(each, told[each]) for each in told if each != TYPE)
    return f"<{name}{kind}>{inner}</{name}>"


def _enveloped(
    status: int, inner: str, faults: str = "urn:fault.partner.soap.sforce.com"
) -> Response:
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="{_SOAP}" '
        f'xmlns:sf="{faults}" xmlns:xsi="{_XSI}"><soapenv:Body>{inner}</soapenv:Body>'
        "</soapenv:Envelope>"
    )
    return Response(status, body.encode(), {"content-type": "text/xml;charset=UTF-8"})
