"""The SOAP API: logging in and out, and what REST can't do, converting and merging leads.

Source: Salesforce, SOAP API Developer Guide.
"""

import re
from collections.abc import Callable, Mapping

from sandbox.http.message import Json, Request, Response
from sandbox.salesforce.login import grants, sessions
from sandbox.salesforce.org.errors import SalesforceError
from sandbox.salesforce.org.ids import SHORT
from sandbox.salesforce.org.values import timestamp
from sandbox.salesforce.soap.elements import many, part_of, parts_of
from sandbox.salesforce.soap.envelope import (
    PARTNER,
    SoapCall,
    SoapError,
    answer,
    fault,
    named_in,
    read,
)
from sandbox.salesforce.store import records
from sandbox.state.world import Row, World

NEWEST_LOGIN = 64
"""Salesforce: login() is not there in later versions of the API."""
MOST_CONVERTED, MOST_MERGED = 100, 200
_PATH = re.compile(r"/services/Soap/[uc]/(\d+)\.\d(?:/.*)?")


def answer_soap(world: World, request: Request) -> Response | None:
    """POST /services/Soap/u/{version}; None for any other path."""
    path = _PATH.fullmatch(request.path)
    if path is None:
        return None
    try:
        return _answered(world, request, int(path[1]))
    except SoapError as error:
        return fault(error)
    except SalesforceError as error:
        return fault(SoapError(error.status_code, error.message))


def _answered(world: World, request: Request, version: int) -> Response:
    call = read(request.body)
    if call.operation == "login":
        return _login(world, request, call, version)
    operation = named_in(_OPERATIONS, call)
    user = session_user(world, request, call)
    return answer(call.operation, operation(world, user, call), PARTNER)


def session_user(world: World, request: Request, call: SoapCall) -> str:
    """The user whose session a call's header names. Raises `SoapError`."""
    user = sessions.user_of(world, call.session) or sessions.session_user(world, request)
    if user is None:
        message = "Invalid Session ID found in SessionHeader: Illegal Session"
        raise SoapError("INVALID_SESSION_ID", message)
    return user


def _login(world: World, request: Request, call: SoapCall, version: int) -> Response:
    if version > NEWEST_LOGIN:
        message = f"SOAP API login() is not available in version {version}.0."
        raise SoapError("INVALID_OPERATION", message)
    username, password = (str(call.arguments.get(each) or "") for each in ("username", "password"))
    try:
        user = grants.user_with_password(world, username, password)
    except grants.LoginError:
        message = "Invalid username, password, security token; or user locked out."
        raise SoapError("INVALID_LOGIN", message) from None
    org, host = sessions.org_id(world), sessions.address(request)
    result: Row = {
        "metadataServerUrl": f"{host}/services/Soap/m/{version}.0/{org}",
        "passwordExpired": False,
        "sandbox": False,
        "serverUrl": f"{host}/services/Soap/u/{version}.0/{org[:SHORT]}",
        "sessionId": sessions.open_session(world, user),
        "userId": user,
        "userInfo": _user_info(world, user, call),
    }
    return answer("login", result, PARTNER)


def _user_info(world: World, user: str, _call: SoapCall) -> Row:
    row = world.table("salesforce.User").get(user, {})
    org = world.table("salesforce.Organization")[sessions.org_id(world)]
    return {
        "organizationId": org["Id"],
        "organizationName": org["Name"],
        "profileId": row.get("ProfileId"),
        "sessionSecondsValid": sessions.SESSION_SECONDS,
        "userEmail": row.get("Email"),
        "userFullName": row.get("Name"),
        "userId": user,
        "userLanguage": row.get("LanguageLocaleKey"),
        "userLocale": row.get("LocaleSidKey"),
        "userName": row.get("Username"),
        "userTimeZone": row.get("TimeZoneSidKey"),
        "userType": row.get("UserType"),
    }


def _logout(world: World, _user: str, call: SoapCall) -> None:
    sessions.close_session(world, call.session or "")


def _server_time(world: World, _user: str, _call: SoapCall) -> Row:
    return {"timestamp": timestamp(world.now).replace("+0000", "Z")}


def _convert(world: World, user: str, call: SoapCall) -> list[Row]:
    given = parts_of(call.arguments.get("leadConverts"))
    if len(given) > MOST_CONVERTED:
        raise SoapError("EXCEEDED_ID_LIMIT", f"record limit reached: {MOST_CONVERTED}")
    return [_result(lambda each=each: _converted(world, user, each)) for each in given]


def _converted(world: World, user: str, given: Row) -> Row:
    """One lead made a contact. An opportunity is not made."""
    status = given.get("convertedStatus")
    statuses = world.table("salesforce.LeadStatus").values()
    if not any(each["MasterLabel"] == status and each["IsConverted"] for each in statuses):
        message = f"invalid convertedStatus: {status}"
        raise SalesforceError("INVALID_STATUS", message)
    lead_id = str(given.get("leadId"))
    done = records.convert_lead(world, lead_id, given.get("accountId") or None, by=user)
    return {"accountId": done.account_id, "contactId": done.contact_id, "leadId": lead_id}


def _merge(world: World, user: str, call: SoapCall) -> list[Row]:
    given = parts_of(call.arguments.get("request") or call.arguments.get("mergeRequests"))
    if len(given) > MOST_MERGED:
        raise SoapError("EXCEEDED_ID_LIMIT", f"record limit reached: {MOST_MERGED}")
    return [_result(lambda each=each: _merged(world, user, each)) for each in given]


def _merged(world: World, user: str, given: Row) -> Row:
    master = part_of(given.get("masterRecord"))
    losers = [str(each) for each in many(given.get("recordToMergeIds"))]
    if master.get("type") != "Lead":
        raise SalesforceError("INVALID_OPERATION", "only leads can be merged in this org")
    master_id = str(master.get("Id"))
    records.merge_leads(world, master_id, losers, by=user)
    changes = {name: each for name, each in master.items() if name not in ("type", "Id")}
    if changes:
        records.update(world, "Lead", master_id, changes, by=user, assign=False)
    return {"id": master_id, "mergedRecordIds": losers}


def _result(deed: Callable[[], Row]) -> Row:
    try:
        return {**deed(), "success": True}
    except SalesforceError as error:
        told = {"message": error.message, "statusCode": error.status_code}
        return {"errors": {"fields": list(error.fields), **told}, "success": False}


_OPERATIONS: Mapping[str, Callable[[World, str, SoapCall], Json]] = {
    "convertLead": _convert,
    "getServerTimestamp": _server_time,
    "getUserInfo": _user_info,
    "logout": _logout,
    "merge": _merge,
}
