"""Commands as completion scripts of bash, zsh and fish."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tachograph.cli.describing import Command, Option

_ZSH: Final = str.maketrans({letter: f"\\{letter}" for letter in "[]:\\"})


def bash(commands: Sequence[Command]) -> str:
    """For bash 4 and newer."""
    return "\n".join([
        "# Completes tachograph in bash.",
        "_tachograph() {",
        "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}",
        "  COMPREPLY=()",
        '  if [ "$COMP_CWORD" -eq 1 ]; then',
        f'    COMPREPLY=($(compgen -W {_words([each.name for each in commands])} -- "$current"))',
        "    return",
        "  fi",
        '  case "$command $previous" in',
        *_bash_values(commands),
        "  esac",
        '  case "$command" in',
        *_bash_options(commands),
        "  esac",
        "}",
        "complete -F _tachograph tachograph",
        "",
    ])  # fmt: skip


def _bash_values(commands: Sequence[Command]) -> Iterator[str]:
    """What follows an option that takes something."""
    for command in commands:
        for option in command.options:
            if option.takes == "nothing":
                continue
            places = "|".join(shlex.quote(f"{command.name} {name}") for name in option.names)
            yield f"    {places}) {_bash_value(option)}; return ;;"


def _bash_value(option: Option) -> str:
    if option.takes == "words":
        return f'COMPREPLY=($(compgen -W {_words(option.words)} -- "$current"))'
    if option.takes in {"file", "folder"}:
        kind = "-f" if option.takes == "file" else "-d"
        return f'compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen {kind} -- "$current"))'
    return "COMPREPLY=()"


def _bash_options(commands: Sequence[Command]) -> Iterator[str]:
    for command in commands:
        words = [name for option in command.options for name in option.names if name.startswith("--")]
        line = f'COMPREPLY=($(compgen -W {_words([*command.words, *words])} -- "$current"))'
        if command.files:
            line += '; compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -f -- "$current"))'
        yield f"    {command.name}) {line} ;;"


def _words(words: Sequence[str]) -> str:
    return shlex.quote(" ".join(words))


def zsh(commands: Sequence[Command]) -> str:
    """For zsh with its completion system."""
    listed = [f"    {shlex.quote(f'{each.name}:{each.what.translate(_ZSH)}')}" for each in commands]
    return "\n".join([
        "#compdef tachograph",
        "_tachograph() {",
        "  local -a commands=(",
        *listed,
        "  )",
        "  if (( CURRENT == 2 )); then",
        "    _describe 'command' commands",
        "    return",
        "  fi",
        "  local command=$words[2]",
        "  shift words; (( CURRENT-- ))",
        "  case $command in",
        *(line for command in commands for line in _zsh_command(command)),
        "  esac",
        "}",
        '_tachograph "$@"',
        "",
    ])  # fmt: skip


def _zsh_command(command: Command) -> Iterator[str]:
    specifications = [_zsh_option(name, option) for option in command.options for name in option.names]
    beside = f"({' '.join(command.words)})" if command.words else "_files" if command.files else ""
    if beside:
        specifications.append(shlex.quote(f"*:what:{beside}"))
    yield f"    {command.name}) _arguments {' '.join(specifications)} ;;"


def _zsh_option(name: str, option: Option) -> str:
    told = option.what.translate(_ZSH)
    value = {
        "nothing": "",
        "words": f":value:({' '.join(option.words)})",
        "file": ":file:_files",
        "folder": ":folder:_files -/",
        "anything": ":value: ",
    }[option.takes]
    return shlex.quote(f"*{name}[{told}]{value}")


def fish(commands: Sequence[Command]) -> str:
    """For fish 3 and newer."""
    names = " ".join(each.name for each in commands)
    lines = ["# Completes tachograph in fish.", "complete -c tachograph -f"]
    lines += [
        f"complete -c tachograph -n 'not __fish_seen_subcommand_from {names}' -a {each.name} -d {_fish(each.what)}"
        for each in commands
    ]
    for command in commands:
        begin = f"complete -c tachograph -n '__fish_seen_subcommand_from {command.name}'"
        if command.words:
            lines.append(f"{begin} -a {_fish(' '.join(command.words))}")
        if command.files:
            lines.append(f"{begin} -F")
        lines += [f"{begin} {_fish_option(option)}" for option in command.options]
    return "\n".join([*lines, ""])


def _fish_option(option: Option) -> str:
    names = [f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names]
    value = {
        "nothing": "",
        "words": f" -x -a {_fish(' '.join(option.words))}",
        "file": " -r -F",
        "folder": " -x -a '(__fish_complete_directories)'",
        "anything": " -x",
    }[option.takes]
    return f"{' '.join(names)} -d {_fish(option.what)}{value}"


def _fish(text: str) -> str:
    """Quoted as fish has it: a backslash and a quote have a backslash before them."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
