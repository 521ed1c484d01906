"""A text in quotation marks of either kind, as JSON spells it."""

from __future__ import annotations

import re

from analyzer.source.spelling.tokens import ESCAPE, REPEATED, ChangeKind, Token

_escape = re.compile(ESCAPE)
_control_characters = re.compile(rb"[\x00-\x1f]++")
_CONTROL_ESCAPES = {code: f"\\u{code:04x}" for code in range(0x20)} | {
    ord("\b"): r"\b",
    ord("\f"): r"\f",
    ord("\n"): r"\n",
    ord("\r"): r"\r",
    ord("\t"): r"\t",
}


def _same_in_json(quote: bytes) -> re.Pattern[bytes]:
    """What stays as it is between quotation marks of this kind."""
    return re.compile(rb"[^%b]*+(?:%b[^%b]*+){0,%d}" % (quote, ESCAPE, quote, REPEATED))


_stays = {b'"': _same_in_json(rb'"\\\x00-\x1f'), b"'": _same_in_json(rb"""'"\\\x00-\x1f""")}


def quoted(raw: bytes, at: int, *, repair: bool) -> Token:
    """The text whose quotation mark stands at ``at``.

    Args:
        raw: a record.
        at: of a quotation mark.
        repair: whether a backslash that begins no escape stands for itself; else it is a problem.
    """
    quote = raw[at : at + 1]
    spelled = bytearray(b'"')
    kinds = {ChangeKind.quotes} if quote == b"'" else set()
    here = at + 1
    while True:
        found = _stays[quote].match(raw, here)
        start, here = here, found.end() if found else here
        spelled += raw[start:here]
        if here >= len(raw):
            return Token(here, problem="a quotation mark that opens a text which never ends")
        if raw[here : here + 1] == quote:
            break
        if not _escape.match(raw, here):
            part = _odd_part(raw, here)
            spelled += part.after
            kinds.update(part.kinds)
            here = part.end
    end = here + 1
    problem = _problem(raw[at:end], escape=ChangeKind.backslash in kinds and not repair)
    return Token(end, bytes(spelled + b'"'), tuple(sorted(kinds)), problem)


def _odd_part(raw: bytes, at: int) -> Token:
    """What JSON does not have inside a text, and stands at ``at``."""
    found = _control_characters.match(raw, at)
    if found:
        after = found[0].decode("ascii").translate(_CONTROL_ESCAPES).encode("ascii")
        return Token(found.end(), after, (ChangeKind.control_character,))
    if raw.startswith(b"\\'", at):
        return Token(at + 2, b"'", (ChangeKind.quotes,))
    if raw.startswith(b"\\", at):
        return Token(at + 1, rb"\\", (ChangeKind.backslash,))
    return Token(at + 1, rb"\"", (ChangeKind.quotes,))


def _problem(token: bytes, *, escape: bool) -> str:
    if escape:
        return "a backslash that begins no escape"
    try:
        token.decode("utf-8")
    except UnicodeDecodeError:
        return "bytes that are no UTF-8"
    return ""
