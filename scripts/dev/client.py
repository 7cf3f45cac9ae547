"""A client for the parts of Home Assistant's REST and websocket APIs that are used here."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
import itertools
import json
import time
from typing import Any

import aiohttp

USERNAME = "dev"
PASSWORD = "dev"  # noqa: S105  The demo listens on loopback only, and prints it.

_IDLE_SECONDS = 45.0
"""Home Assistant sends a ping after 55 s without a message."""


class HomeAssistantError(Exception):
    """Home Assistant refused a request; the message contains the request and the reason."""


@dataclass(frozen=True)
class Tokens:
    """The tokens of a sign-in."""

    access_token: str
    refresh_token: str
    expires_in: int


@dataclass
class Client:
    """A client that is signed in as the owner of one Home Assistant."""

    url: str
    tokens: Tokens
    session: aiohttp.ClientSession
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _socket: aiohttp.ClientWebSocketResponse | None = None
    _used: float = 0.0

    async def command(self, command: str, **arguments: Any) -> Any:
        """Send one websocket command and return its result."""
        answer = await self._answer(command, "result", arguments)
        if not answer["success"]:
            raise HomeAssistantError(f"{command}: {answer['error']}")
        return answer["result"]

    async def ping(self) -> None:
        """Wait for Home Assistant to answer a ping."""
        await self._answer("ping", "pong", {})

    async def _answer(self, command: str, kind: str, arguments: Mapping[str, Any]) -> Any:
        """Send a message, and return the message of a kind that answers it."""
        socket, message_id = await self._connected(), next(self._ids)
        await socket.send_json({"id": message_id, "type": command, **arguments})
        while True:
            answer = await socket.receive_json()
            if answer.get("id") == message_id and answer["type"] == kind:
                self._used = time.monotonic()
                return answer

    async def _connected(self) -> aiohttp.ClientWebSocketResponse:
        """Return the connection, or a new one if Home Assistant may have closed it.

        Its pings are answered only while a message is awaited.
        """
        if self._socket is not None and time.monotonic() - self._used < _IDLE_SECONDS:
            return self._socket
        await self.close()
        socket = await self.session.ws_connect(f"{self.url}/api/websocket", max_msg_size=0)
        await socket.receive_json()
        await socket.send_json({"type": "auth", "access_token": self.tokens.access_token})
        answer = await socket.receive_json()
        if answer["type"] != "auth_ok":
            raise HomeAssistantError(f"sign-in: {answer.get('message')}")
        self._socket = socket
        return socket

    async def close(self) -> None:
        """Close the connection; the next command opens another."""
        if self._socket is not None:
            await self._socket.close()
            self._socket = None

    async def get(self, path: str) -> Any:
        """Return the decoded response to ``GET path``."""
        async with self.session.get(f"{self.url}{path}") as response:
            return await _content(response)

    async def post(self, path: str, content: Mapping[str, Any]) -> Any:
        """Return the decoded response to ``POST path``."""
        async with self.session.post(f"{self.url}{path}", json=content) as response:
            return await _content(response)

    async def delete(self, path: str) -> Any:
        """Return the decoded response to ``DELETE path``."""
        async with self.session.delete(f"{self.url}{path}") as response:
            return await _content(response)

    async def states(self) -> dict[str, str]:
        """Return the state of every entity by its ID."""
        return {state["entity_id"]: state["state"] for state in await self.get("/api/states")}

    async def wait_until_running(self) -> None:
        """Wait until Home Assistant has finished its startup."""
        await wait_for(self._is_running, "Home Assistant to finish its start")

    async def _is_running(self) -> bool:
        return bool((await self.get("/api/config"))["state"] == "RUNNING")

    def browser_storage(self) -> str:
        """Return the local storage item ``hassTokens`` of a frontend that is signed in."""
        return json.dumps(
            {
                "access_token": self.tokens.access_token,
                "refresh_token": self.tokens.refresh_token,
                "expires_in": self.tokens.expires_in,
                "expires": int((time.time() + self.tokens.expires_in) * 1000),
                "token_type": "Bearer",
                "hassUrl": self.url,
                "clientId": _client_id(self.url),
            }
        )


async def wait_for[T](look: Callable[[], Awaitable[T]], what: str, seconds: float = 60.0) -> T:
    """Call ``look`` until it returns something true, and return that.

    Raises:
        HomeAssistantError: it did not within ``seconds``.
    """
    try:
        async with asyncio.timeout(seconds):
            while True:
                if found := await look():
                    return found
                await asyncio.sleep(0.1)
    except TimeoutError as err:
        raise HomeAssistantError(f"waited {seconds:.0f} s for {what}") from err


@asynccontextmanager
async def signed_in(url: str) -> AsyncIterator[Client]:
    """Sign in as the owner; create the owner first if this Home Assistant has none."""
    async with aiohttp.ClientSession() as session:
        code = await _authorization_code(session, url)
        answer = await _post(
            session,
            f"{url}/auth/token",
            data={
                "grant_type": "authorization_code",
                "code": code,
                "client_id": _client_id(url),
            },
        )
        tokens = Tokens(answer["access_token"], answer["refresh_token"], answer["expires_in"])
        session.headers["Authorization"] = f"Bearer {tokens.access_token}"
        client = Client(url, tokens, session)
        try:
            yield client
        finally:
            await client.close()


async def _authorization_code(session: aiohttp.ClientSession, url: str) -> str:
    client_id = _client_id(url)
    login = {"username": USERNAME, "password": PASSWORD}
    if await _lacks_owner(session, url):
        owner = {"name": "Developer", "language": "en", "client_id": client_id, **login}
        answer = await _post(session, f"{url}/api/onboarding/users", json=owner)
        return str(answer["auth_code"])
    flow = await _post(
        session,
        f"{url}/auth/login_flow",
        json={
            "client_id": client_id,
            "handler": ["homeassistant", None],
            "redirect_uri": client_id,
        },
    )
    answer = await _post(
        session,
        f"{url}/auth/login_flow/{flow['flow_id']}",
        json={"client_id": client_id, **login},
    )
    if answer["type"] != "create_entry":
        raise HomeAssistantError(
            f"the login {USERNAME} / {PASSWORD} is not accepted: {answer.get('errors')}"
        )
    return str(answer["result"])


async def _lacks_owner(session: aiohttp.ClientSession, url: str) -> bool:
    async with session.get(f"{url}/api/onboarding") as response:
        if response.status == HTTPStatus.NOT_FOUND:
            return False
        return any(step["step"] == "user" and not step["done"] for step in await response.json())


async def _post(session: aiohttp.ClientSession, url: str, **content: Any) -> Any:
    async with session.post(url, **content) as response:
        return await _content(response)


async def _content(response: aiohttp.ClientResponse) -> Any:
    if not response.ok:
        raise HomeAssistantError(
            f"{response.method} {response.url.path}: {response.status} {await response.text()}"
        )
    return await response.json()


def _client_id(url: str) -> str:
    return f"{url}/"
