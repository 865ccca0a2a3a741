"""Where the items of a request come from: what a resource and a scope say, looked at once for all their items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tachograph.otlp.values import Told, name, told

if TYPE_CHECKING:
    from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
    from opentelemetry.proto.resource.v1.resource_pb2 import Resource

OTHER: Final = "otel"
"""The source of what no agent that we know has sent."""
SOURCE_PREFIXES: Final = {
    "claude_code": "claude-code",
    "claude-code": "claude-code",
    "com.anthropic.claude_code": "claude-code",
    "codex": "codex",
    "gemini_cli": "gemini-cli",
    "gemini-cli": "gemini-cli",
    "github-copilot": "copilot-cli",
    "github.copilot": "copilot-cli",
}
"""With what the names of services, scopes and things begin that an agent sends."""
SESSION_KEYS: Final = ("session.id", "conversation.id", "gen_ai.conversation.id")
USER_KEYS: Final = ("user.email", "user.account_uuid", "user.account_id", "user.id", "enduser.id")
"""Who it was, the best first: a person's e-mail address is the one thing that all agents and their files share."""
PROJECT_KEYS: Final = ("project.path", "project_path", "project", "repository")
"""Of a resource, where somebody who sets the agent up says which project it works on (OTEL_RESOURCE_ATTRIBUTES)."""
FOLDER_KEYS: Final = ("cwd", "process.working_directory")
WHOSE_KEYS: Final = frozenset((*SESSION_KEYS, *USER_KEYS, "project.path", "cwd"))
"""What of an item itself says whose it is."""
_RESOURCE_KEYS: Final = frozenset((*SESSION_KEYS, *USER_KEYS, *PROJECT_KEYS, *FOLDER_KEYS, "service.name"))


class Origin:
    """A resource and a scope: the source, and whose their items are where these don't say it themselves."""

    def __init__(self, resource: Resource, scope: InstrumentationScope) -> None:
        about = told(resource.attributes, _RESOURCE_KEYS)
        self.service = name(about.get("service.name")) or ""
        self.scope = scope.name
        self.source = source_of(self.scope) or source_of(self.service) or OTHER
        self.session = _first(about, SESSION_KEYS)
        self.user = _first(about, USER_KEYS)
        self.project = _first(about, PROJECT_KEYS)
        self.folder = _first(about, FOLDER_KEYS)
        self._parts = resource, scope
        self._key: bytes | None = None

    @property
    def title(self) -> str:
        """How it calls itself."""
        return self.service or self.scope

    @property
    def key(self) -> bytes:
        """What tells this origin from others."""
        if self._key is None:
            resource, scope = self._parts
            self._key = resource.SerializeToString(deterministic=True) + scope.SerializeToString(deterministic=True)
        return self._key

    def whose(self, item: Told) -> dict[str, Any]:
        """The columns that say whose an item is, by what it says itself, else by its origin."""
        get = item.get
        return {
            "session_id": get("session.id") or get("conversation.id") or get("gen_ai.conversation.id") or self.session,
            "user_id": get("user.email")
            or get("user.account_uuid")
            or get("user.account_id")
            or get("user.id")
            or get("enduser.id")
            or self.user,
            "project_path": get("project.path") or self.project,
            "cwd": get("cwd") or self.folder,
        }


def source_of(title: str) -> str | None:
    """Which agent a service, a scope or a thing of that name is of; None for one that we don't know."""
    for prefix, source in SOURCE_PREFIXES.items():
        if title.startswith(prefix):
            return source
    return None


def _first(told: Told, keys: tuple[str, ...]) -> str | None:
    return next((found for key in keys if (found := name(told.get(key)))), None)
