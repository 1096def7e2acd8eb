"""What Salesforce answers instead of doing something."""

from collections.abc import Mapping, Sequence

from sandbox.http.message import Json

HTTP = {
    "ENTITY_IS_DELETED": 404,
    "INVALID_SESSION_ID": 401,
    "METHOD_NOT_ALLOWED": 405,
    "NOT_FOUND": 404,
    "PRECONDITION_FAILED": 412,
    "REQUEST_LIMIT_EXCEEDED": 403,
    "SERVER_UNAVAILABLE": 503,
    "UNSUPPORTED_MEDIA_TYPE": 415,
}
"""HTTP status of a code where it is not 400. Salesforce: Status Codes and Error Responses."""


class SalesforceError(Exception):
    """A refusal with Salesforce's own code, sentence and fields."""

    def __init__(
        self,
        status_code: str,
        message: str,
        fields: Sequence[str] = (),
        more: Mapping[str, Json] | None = None,
    ) -> None:
        super().__init__(f"{status_code}: {message}")
        self.status_code = status_code
        self.message = message
        self.fields = tuple(fields)
        self.more = dict(more or {})
        """What the error of a single record says beside these."""

    @property
    def http(self) -> int:
        """The HTTP status with which a resource of one record answers this."""
        return HTTP.get(self.status_code, 400)
