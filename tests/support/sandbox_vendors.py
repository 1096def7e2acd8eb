"""Plain calls to the vendors of a running sandbox, without any of their client libraries."""

import requests

from sandbox.http.message import Json
from sandbox.server.instance import Running


class Vendors:
    """Plain calls to the vendors, as a client's HTTP library makes them."""

    def __init__(self, running: Running) -> None:
        self.timeout = 5.0
        self.details = running.details()
        self.url = running.url
        self.marketo_token = self.marketo_sign_in()
        self.salesforce_token = self._salesforce_token()

    def marketo_sign_in(self) -> str:
        """A token that holds at this moment."""
        told = self.details["marketo"]
        asked = {
            "grant_type": "client_credentials",
            "client_id": told["client_id"],
            "client_secret": told["client_secret"],
        }
        answer = requests.get(
            f"{told['identity_url']}/oauth/token", params=asked, timeout=self.timeout
        )
        return str(answer.json()["access_token"])

    def _salesforce_token(self) -> str:
        told = self.details["salesforce"]
        asked = {
            "grant_type": "client_credentials",
            "client_id": told["consumer_key"],
            "client_secret": told["consumer_secret"],
        }
        url = f"{told['instance_url']}/services/oauth2/token"
        answer = requests.post(url, data=asked, verify=told["ca_file"], timeout=self.timeout)
        return str(answer.json()["access_token"])

    def marketo(self, method: str, path: str, **more: Json) -> requests.Response:
        """A call to Marketo's REST API."""
        headers = {"Authorization": f"Bearer {self.marketo_token}"}
        url = f"{self.url}/marketo/rest/v1/{path}.json"
        return requests.request(method, url, headers=headers, timeout=self.timeout, **more)

    def salesforce(self, method: str, path: str, **more: Json) -> requests.Response:
        """A call to Salesforce's REST API."""
        told = self.details["salesforce"]
        headers = {"Authorization": f"Bearer {self.salesforce_token}"}
        url = f"{told['instance_url']}/services/data/v67.0/{path}"
        return requests.request(
            method, url, headers=headers, verify=told["ca_file"], timeout=self.timeout, **more
        )

    def slack(self, method: str, **arguments: Json) -> requests.Response:
        """A call to Slack's Web API."""
        headers = {"Authorization": f"Bearer {self.details['slack']['bot_token']}"}
        url = f"{self.url}/slack/api/{method}"
        return requests.post(url, data=arguments, headers=headers, timeout=self.timeout)

    def rename(self, name: str, *emails: str) -> requests.Response:
        """Give persons another last name in Marketo."""
        rows = [{"email": email, "lastName": name} for email in emails]
        return self.marketo("POST", "leads", json={"input": rows, "action": "updateOnly"})

    def chat(self, text: str) -> requests.Response:
        """A question to the chat model."""
        told = self.details["openai"]
        headers = {"Authorization": f"Bearer {told['api_key']}"}
        body = {"model": told["model"], "messages": [{"role": "user", "content": text}]}
        url = f"{told['base_url']}/chat/completions"
        return requests.post(url, json=body, headers=headers, timeout=self.timeout)
