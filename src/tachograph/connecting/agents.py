"""The agents that can be connected: where their settings are, what is to stand there, and what they send then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from tachograph.connecting.codex_settings import CodexSettings
from tachograph.connecting.json_settings import JsonSettings
from tachograph.folders import named_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tachograph.connecting.destination import Destination
    from tachograph.connecting.settings import Settings


class Agent(NamedTuple):
    """An agent, as `connect` knows it."""

    name: str
    title: str
    settings: Callable[[Mapping[str, str], Path, Destination], Settings]
    """Its settings, by the environment and the home folder; raises as `Settings` do."""
    sends: str
    never: str
    """What it sends, and what not as long as its switches are as they are."""
    wordy: tuple[str, ...] = ()
    """Switches, in its settings or the environment, that make it send texts as well."""
    instead: tuple[str, ...] = ()
    """Environment variables that take the place of what its settings say."""
    key_in_environment: bool = False
    """Whether its settings have no place for a key, which it takes from OTEL_EXPORTER_OTLP_HEADERS alone."""


def _claude_code(environment: Mapping[str, str], home: Path, to: Destination) -> Settings:
    moved = environment.get("CLAUDE_CONFIG_DIR", "").strip()
    members = {
        "CLAUDE_CODE_ENABLE_TELEMETRY": "1",
        "OTEL_METRICS_EXPORTER": "otlp",
        "OTEL_LOGS_EXPORTER": "otlp",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc" if to.is_grpc else "http/protobuf",
        "OTEL_EXPORTER_OTLP_ENDPOINT": to.url,
    }
    if to.key is not None:
        members["OTEL_EXPORTER_OTLP_HEADERS"] = f"Authorization=Bearer {to.key}"
    contrary = (*_CLAUDE_INSTEAD, "OTEL_EXPORTER_OTLP_HEADERS")
    path = (named_folder(moved) if moved else home / ".claude") / "settings.json"
    return JsonSettings(path, "env", members, contrary, to.key)


def _codex(environment: Mapping[str, str], home: Path, to: Destination) -> Settings:
    moved = environment.get("CODEX_HOME", "").strip()
    return CodexSettings((named_folder(moved) if moved else home / ".codex") / "config.toml", to)


def _gemini(environment: Mapping[str, str], home: Path, to: Destination) -> Settings:
    moved = environment.get("GEMINI_CLI_HOME", "").strip()
    members = {
        "enabled": True,
        "target": "local",
        "otlpEndpoint": to.url,
        "otlpProtocol": "grpc" if to.is_grpc else "http",
        "logPrompts": False,
    }
    path = (named_folder(moved) if moved else home) / ".gemini" / "settings.json"
    return JsonSettings(path, "telemetry", members, ("outfile", "useCliAuth"), None)


_CLAUDE_INSTEAD: Final = tuple(
    f"OTEL_EXPORTER_OTLP_{signal}_{what}"
    for signal in ("LOGS", "METRICS")
    for what in ("ENDPOINT", "PROTOCOL", "HEADERS")
)

AGENTS: Final = {
    agent.name: agent
    for agent in (
        Agent(
            "claude-code",
            "Claude Code",
            _claude_code,
            sends="for each request the model, tokens, cost and duration; for each call of a tool its name, outcome and"
            " duration; kinds and texts of the service's errors; the session, the account and its e-mail address,"
            " the terminal",
            never="prompts, answers, inputs and outputs of tools (some versions add parameters of a call, such as a"
            " Bash command: they are dropped on arrival)",
            wordy=(
                "OTEL_LOG_USER_PROMPTS",
                "OTEL_LOG_ASSISTANT_RESPONSES",
                "OTEL_LOG_TOOL_DETAILS",
                "OTEL_LOG_TOOL_CONTENT",
                "OTEL_LOG_RAW_API_BODIES",
            ),
            instead=_CLAUDE_INSTEAD,
        ),
        Agent(
            "codex",
            "Codex CLI",
            _codex,
            sends="for each request the model, tokens and duration; for each call of a tool its name, outcome and"
            " duration, and also its arguments and the beginning of its output, for which Codex has no switch:"
            " Tachograph drops them when they arrive; texts of errors; the session, the account and its e-mail address,"
            " the terminal",
            never="prompts and answers",
            wordy=("log_user_prompt",),
        ),
        Agent(
            "gemini",
            "Gemini CLI",
            _gemini,
            sends="for each request the model, tokens and duration; for each call of a tool its name, outcome and"
            " duration; texts of errors; the session, the account's e-mail address",
            never="prompts, answers, arguments of tools",
            wordy=("GEMINI_TELEMETRY_LOG_PROMPTS", "logPrompts"),
            instead=(
                "GEMINI_TELEMETRY_ENABLED",
                "GEMINI_TELEMETRY_TARGET",
                "GEMINI_TELEMETRY_OTLP_ENDPOINT",
                "GEMINI_TELEMETRY_OTLP_PROTOCOL",
                "GEMINI_TELEMETRY_OUTFILE",
                "OTEL_EXPORTER_OTLP_ENDPOINT",
            ),
            key_in_environment=True,
        ),
    )
}
"""Every agent, by the name that the command line has for it."""
