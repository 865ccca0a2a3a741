"""`tachograph completion`: scripts with which shells complete commands and options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tachograph.cli.options import Parser

if TYPE_CHECKING:
    from collections.abc import Sequence

_EXAMPLES: Final = (
    "tachograph completion bash > ~/.local/share/bash-completion/completions/tachograph",
    "tachograph completion zsh > ~/.zfunc/_tachograph        with fpath+=(~/.zfunc) before compinit in ~/.zshrc",
    "tachograph completion fish > ~/.config/fish/completions/tachograph.fish",
)
_SHELLS: Final = ("bash", "zsh", "fish")


def run(command: str, arguments: Sequence[str]) -> int:
    """Prints the script of a shell."""
    parser = Parser(
        command,
        usage="tachograph completion bash|zsh|fish",
        description="Prints a script with which the shell completes commands, options and their values.",
        examples=_EXAMPLES,
    )
    parser.add_argument("shell", metavar="SHELL", choices=_SHELLS, help="bash, zsh or fish")
    options = parser.parse_args(arguments)
    from tachograph.cli.completion_scripts import bash, fish, zsh
    from tachograph.cli.describing import commands

    print({"bash": bash, "zsh": zsh, "fish": fish}[options.shell](commands()), end="")
    return 0
