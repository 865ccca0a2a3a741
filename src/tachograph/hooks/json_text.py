"""Changes to the text of a JSON object that leave every other character as it is: indentation, numbers, order, escapes.

A container is named by the place of its opening bracket. The text must be good JSON (`parsed` says whether it is).
"""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple, NoReturn

_BLANKS: Final = " \t\r\n"
_DECODER: Final = json.JSONDecoder(strict=True)
_USUAL_INDENT: Final = "  "


class Item(NamedTuple):
    """An element of an array (without a key) or a member of an object: where it begins, its value begins, it ends."""

    key: str | None
    start: int
    value: int
    end: int


def parsed(text: str) -> Any:
    """What the text says, with everything that can differ: the order of members, how a number is written.

    Raises `ValueError` where it isn't JSON as the standard has it, `RecursionError` where it is nested too deeply.
    """
    return json.loads(
        text,
        object_pairs_hook=lambda members: ("object", members),
        parse_int=lambda digits: ("number", digits),
        parse_float=lambda digits: ("number", digits),
        parse_constant=_refused,
    )


def _refused(name: str) -> NoReturn:
    message = f"{name} is no number of JSON's"
    raise ValueError(message)


def items(text: str, at: int) -> list[Item]:
    """What the container at `at` has in it."""
    is_object = text[at] == "{"
    found: list[Item] = []
    place = _after_blanks(text, at + 1)
    while text[place] not in "]}":
        start, key = place, None
        if is_object:
            key, place = _DECODER.raw_decode(text, place)
            place = _after_blanks(text, _after_blanks(text, place) + 1)
        _, end = _DECODER.raw_decode(text, place)
        found.append(Item(key, start, place, end))
        place = _after_blanks(text, end)
        if text[place] == ",":
            place = _after_blanks(text, place + 1)
    return found


def member(text: str, at: int, key: str) -> Item | None:
    """The member of that name; of several the last, which is the one that counts."""
    return next((item for item in reversed(items(text, at)) if item.key == key), None)


def with_item(text: str, at: int, value: object, key: str | None = None) -> str:
    """The text with one more element or member at the container's end, written in the style of those before it."""
    there = items(text, at)
    lead = _lead(text, at, there)
    newline, _, indent = lead.rpartition("\n")
    written = "" if key is None else f"{json.dumps(key)}: "
    if not lead.count("\n"):
        written += json.dumps(value)
    else:
        written += json.dumps(value, indent=_unit(text)).replace("\n", f"{newline}\n{indent}")
    if there:
        end = there[-1].end
        return f"{text[:end]},{lead or ' '}{written}{text[end:]}"
    close = f"{newline}\n{_indent_of_line(text, at)}" if "\n" in lead else ""
    return f"{text[: at + 1]}{lead}{written}{close}{text[_after_blanks(text, at + 1) :]}"


def without_item(text: str, at: int, index: int) -> str:
    """The text without one element or member, and without what parted it from the others."""
    there = items(text, at)
    if len(there) == 1:
        return text[: at + 1] + text[_after_blanks(text, there[0].end) :]
    if index == 0:
        return text[: there[0].start] + text[there[1].start :]
    return text[: there[index - 1].end] + text[there[index].end :]


def _lead(text: str, at: int, there: list[Item]) -> str:
    """What stands before an item of the container: nothing, a space, or a newline with an indentation."""
    if there:
        return text[at + 1 : there[0].start]
    if "\n" not in text.strip() and len(text.strip()) > 2:
        return ""  # all in one line
    newline = "\r\n" if "\r\n" in text else "\n"
    return f"{newline}{_indent_of_line(text, at)}{_unit(text)}"


def _unit(text: str) -> str:
    """What one level is indented by: as the first member of the whole is."""
    start = text.index("{")
    lead = text[start + 1 : _after_blanks(text, start + 1)]
    return lead.rpartition("\n")[2] if "\n" in lead and text[start + 1 + len(lead)] != "}" else _USUAL_INDENT


def _indent_of_line(text: str, at: int) -> str:
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _after_blanks(text: str, place: int) -> int:
    while place < len(text) and text[place] in _BLANKS:
        place += 1
    return place
