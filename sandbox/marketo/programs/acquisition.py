"""Leads that a program brings: Push Lead, and Submit Form (Adobe: Leads)."""

from sandbox.http.message import Response
from sandbox.marketo.access.call import Call
from sandbox.marketo.access.envelope import MarketoError, answer
from sandbox.marketo.lead_database import people
from sandbox.marketo.lead_database.schema import field_named
from sandbox.marketo.leads import lead_query
from sandbox.marketo.leads.lead_writes import VISITOR, Sync, associate_cookie
from sandbox.marketo.programs import programs
from sandbox.state.world import Row


def push(call: Call) -> Response:
    """POST leads/push: always an upsert, and one activity of the program."""
    body, rows = call.body(), call.records()
    name = body.get("programName")
    if not name:
        raise MarketoError("701", "programName cannot be blank")
    program, status = programs.named(call.world, str(name)), str(body.get("programStatus") or "")
    if status:
        programs.check_status(program, status)
    lookup = str(body.get("lookupField", "email"))
    if lookup not in VISITOR:
        lead_query.check_lookup(call.world, lookup)
    work = Sync(call.world, action="createOrUpdate", lookup=lookup)
    work.by = (str(body.get("reason", "")), str(body.get("source", "")))
    results: list[Row] = []
    for row in rows:
        result = work.write(row)
        if result["status"] != "skipped":
            told = {"Source": body.get("source"), "Reason": body.get("reason")}
            people.log_activity(
                call.world,
                result["id"],
                "Push Lead to Marketo",
                primary=program["name"],
                primary_id=program["id"],
                attributes=told,
            )
            if status:
                programs.move(call.world, program, result["id"], status)
            associate_cookie(call.world, row.get("cookies") or row.get("mktToken"), result["id"])
        results.append(result)
    return answer(call.world, results)


def submit_form(call: Call) -> Response:
    """POST leads/submitForm: one form."""
    body = call.body()
    row: Row = call.records(most=1)[0]
    if not body.get("formId"):
        raise MarketoError("701", "formId cannot be blank")
    fields: Row = row.get("leadFormFields") or {}
    if not fields.get("email"):
        raise MarketoError("701", "email cannot be blank")
    unknown = [name for name in fields if field_named(call.world, name) is None]
    if unknown:
        raise MarketoError("1006", f"Field '{unknown[0]}' not found")
    is_known = bool(people.with_value(call.world, "email", str(fields["email"])))
    person = people.fill_out_form(call.world, str(body["formId"]), fields)
    associate_cookie(call.world, row.get("cookie"), person)
    if body.get("programId"):
        program = programs.existing(call.world, str(body["programId"]))
        programs.move(call.world, program, person, programs.first_status(program))
    return answer(call.world, [{"id": person, "status": "updated" if is_known else "created"}])
