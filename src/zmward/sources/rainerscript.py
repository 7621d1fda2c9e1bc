"""rsyslog's two languages: what is done, in order, with which lines, in which ruleset.

It goes from statement to statement as rsyslog's own reader does, since what stands
where decides: a comment, a directive that holds for the next action only, a block.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final, Literal

import msgspec

from zmward.sources.selectors import EVERY, SOME, Lines, condition, selected
from zmward.sources.source import Unreadable, matches

DEFAULT: Final = "rsyslog_defaultruleset"
MAIN: Final = "/etc/rsyslog.conf"
DROP_INS: Final = "/etc/rsyslog.d/*.conf"
# A ruleset of nobody, for what rsyslog does not read; no name is blank.
_NOWHERE = " "
_DEEPEST = 100
# Directives that change how an action or an input is read.
_KEPT = frozenset(
    (
        *("actionqueuetype", "actionqueuefilename", "actionqueuetimeoutenqueue"),
        *("actionqueuediscardmark", "actionqueuediscardseverity"),
        *("actionexeconlyeverynthtime", "actionexeconlyonceeveryinterval"),
        *("actionexeconlywhenpreviousissuspended", "actionsendstreamdrivermode"),
        *("inputfilename", "inputfilefacility", "inputfileseverity"),
        "inputfilebindruleset",
    )
)

_GAP = re.compile(r"(?:\s+|#[^\n]*|/\*.*?(?:\*/|\Z))+", re.DOTALL)
_SEVERAL_LINES = re.compile(r"\\[ \t]*\n\s*")
_DIRECTIVE = re.compile(r"\$([a-z]+)[ \t]*([^\n]*)", re.IGNORECASE)
_SELECTOR = re.compile(r"[*a-z][*a-z]*[0-7]*[.,][,!=;.*a-z0-7]+", re.IGNORECASE)
_PROPERTY = re.compile(
    r':\$?[a-z-]+ *, *!?[a-z_]+ *, *"(?:\\.|[^"\\])*"', re.IGNORECASE
)
_OBJECT = re.compile(r"([a-z_]+)\s*\(", re.IGNORECASE)
_WORD = re.compile(r"[a-z_]+(?![\w+,;-])", re.IGNORECASE)
_NAME = re.compile(r"\s*([\w.-]+)", re.ASCII)
# As long as a line may be: an open quote must not be looked for without end.
_STRING = r""""(?:\\.|[^"\\]){0,10240}"|'(?:\\.|[^'\\]){0,10240}'|`[^`]{0,10240}`"""
_EXPRESSION = re.compile(
    rf"(?P<text>{_STRING})|(?P<gap>/\*.*?(?:\*/|\Z))|(?P<end>\b(?:then|do)\b|;)|.",
    re.DOTALL | re.IGNORECASE,
)
_INSIDE = re.compile(
    r"#[^\n]*|/\*.*?(?:\*/|\Z)|(?P<end>\))|(?P<name>[a-z][\w.]*)\s*(?==)"
    rf"|(?P<text>{_STRING})|.",
    re.DOTALL | re.IGNORECASE,
)
_REMARK = re.compile(r"(?:^|\s)#.*$")
# Directives that say the same as an object does.
_AS_OBJECTS = {
    "modload": ("module", "load"),
    "workdirectory": ("global", "workdirectory"),
    "omitlocallogging": ("imuxsock", "omit"),
}
_TOLD = 200
# A user's name and `*` end at the word; behind any other sign it is the whole line.
_OLD_ACTION = re.compile(r"\*|\w[\w+,;-]*|[^\n]*", re.ASCII)


class Step(msgspec.Struct, frozen=True):
    """One thing that is done with lines: an action, the end of the way, or a call.

    `text` is the old action as it stands or the called ruleset; `pairs` are the new
    one's parameters, `old` the directives that hold for an old one.
    """

    what: Literal["action", "stop", "call"]
    lines: Lines
    file: str
    said: str = ""
    text: str = ""
    pairs: Mapping[str, str] = {}
    old: Mapping[str, str] = {}


class Input(msgspec.Struct, frozen=True):
    """One input or module: its parameters; values in backticks keep them."""

    file: str
    name: str
    pairs: Mapping[str, str]


class Program(msgspec.Struct):
    """All that the files say: steps by ruleset, and objects that are no action."""

    rulesets: dict[str, list[Step]] = msgspec.field(default_factory=dict)
    objects: list[Input] = msgspec.field(default_factory=list)
    default: str = DEFAULT
    # Whether this host's own lines come from another address than 127.0.0.1.
    elsewhere: bool = False


def _and_said(before: str, words: str) -> str:
    """Return a condition within another, for people: not all of a long one."""
    return f"{before} {words[:_TOLD]}".strip()


class _Reader:
    """Reads one file; what must outlive it is shared with the readers of others."""

    def __init__(self, file: str, text: str, shared: "_Shared") -> None:
        self.file, self.at, self.shared = file, 0, shared
        self.text = _SEVERAL_LINES.sub("", text)
        self.words: Mapping[str, Callable[[Lines, str, str], None]] = {
            "if": self._if,
            "foreach": self._foreach,
            "call": self._call,
            "call_indirect": self._unknown,
            "stop": self._stop,
            **dict.fromkeys(("set", "reset", "unset"), self._set),
            "continue": lambda *_: None,
        }

    def whole(self, lines: Lines, said: str, ruleset: str) -> None:
        """Read the file to its end, also past a brace that nothing has opened."""
        while self._more():
            self.statements(lines, said, ruleset)

    def statements(self, lines: Lines, said: str, ruleset: str) -> None:
        """Read statements up to the end of the block or of the file."""
        while self._more():
            if self.text[self.at] == "}":
                self.at += 1
                return
            self._statement(lines, said, ruleset)

    def _more(self) -> bool:
        gap = _GAP.match(self.text, self.at)
        self.at = gap.end() if gap else self.at
        return self.at < len(self.text)

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return found

    def _begins(self) -> bool:
        """Say whether a line begins here."""
        at = self.at
        while at and self.text[at - 1] in " \t":
            at -= 1
        return not at or self.text[at - 1] == "\n"

    def _statement(self, lines: Lines, said: str, ruleset: str) -> None:
        directive = self._take(_DIRECTIVE)
        if directive:
            name, value = directive[1].lower(), _REMARK.sub("", directive[2]).strip()
            if name == "includeconfig":
                self.shared.include(self.file, value, lines, said, ruleset)
            else:
                self.shared.directive(self.file, name, value)
            return
        if self._begins():
            selector = self._take(_SELECTOR)
            if selector:
                taken = selected(selector[0])
                self._block(lines & taken, _and_said(said, selector[0]), ruleset)
                return
            asked = self._take(_PROPERTY)
            if asked:
                taken = condition(asked[0])
                self._block(lines & taken, _and_said(said, asked[0]), ruleset)
                return
        self._other(lines, said, ruleset)

    def _block(self, lines: Lines, said: str, ruleset: str) -> None:
        """Read one statement or a block in braces."""
        if not self._more():
            return
        self.shared.deeper(self.file, 1)
        if self.text[self.at] == "{":
            self.at += 1
            self.statements(lines, said, ruleset)
        else:
            self._statement(lines, said, ruleset)
        self.shared.deeper(self.file, -1)

    def _other(self, lines: Lines, said: str, ruleset: str) -> None:
        thing = self._take(_OBJECT)
        if thing and thing[1].lower() not in self.words:
            self._object(thing[1].lower(), lines, said, ruleset)
            return
        self.at = thing.start() if thing else self.at
        word = _WORD.match(self.text, self.at)
        read = self.words.get(word[0].lower()) if word else None
        if word and read:
            self.at = word.end()
            read(lines, said, ruleset)
        else:
            self._old(lines, said, ruleset)

    def _until(self) -> str:
        """Return an expression, up to the word or sign that ends it."""
        said = []
        while found := self._take(_EXPRESSION):
            if found["end"]:
                break
            said.append("" if found["gap"] else found[0])
        return " ".join("".join(said).split())

    def _if(self, lines: Lines, said: str, ruleset: str) -> None:
        words = self._until()
        taken = condition(words)
        self._block(lines & taken, _and_said(said, f"if {words}"), ruleset)
        self._more()
        word = _WORD.match(self.text, self.at)
        if word and word[0].lower() == "else":
            self.at = word.end()
            self._block(
                lines.without(taken), _and_said(said, f"if not {words}"), ruleset
            )

    def _foreach(self, lines: Lines, said: str, ruleset: str) -> None:
        self._block(lines & SOME, _and_said(said, f"foreach {self._until()}"), ruleset)

    def _set(self, *_: object) -> None:
        self._until()

    def _stop(self, lines: Lines, said: str, ruleset: str) -> None:
        self._add(Step("stop", lines, self.file, said), ruleset)
        self._and(lines, said, ruleset)

    def _call(self, lines: Lines, said: str, ruleset: str) -> None:
        name = self._take(_NAME)
        called = name[1].lower() if name else ""
        self._add(Step("call", lines, self.file, said, called), ruleset)
        self._and(lines, said, ruleset)

    def _unknown(self, lines: Lines, said: str, ruleset: str) -> None:
        """Whatever is called may throw lines away."""
        self._until()
        self._add(Step("stop", lines & SOME, self.file, said), ruleset)

    def _add(self, step: Step, ruleset: str) -> None:
        self.shared.add(step, ruleset)

    def _and(self, lines: Lines, said: str, ruleset: str) -> None:
        """Read what `&` adds for the same lines."""
        if self._more() and self.text[self.at] == "&":
            self.at += 1
            self._block(lines, said, ruleset)

    def _object(self, name: str, lines: Lines, said: str, ruleset: str) -> None:
        pairs = self._pairs()
        on = pairs.get("config.enabled", "on")
        # A variable or a file may say it, and an include may not heed it.
        doubt = "`" in on or on.lower() == "on" or name == "include"
        off, maybe = on != "on" and not doubt, EVERY if on == "on" else SOME
        lines &= maybe
        opened = self._more() and self.text[self.at] == "{"
        if opened and name in ("ruleset", "template"):
            own = pairs.get("name", "").lower() if name == "ruleset" else ""
            self._block(maybe, "", _NOWHERE if off else own or "template")
        if off:
            self._and(lines, said, ruleset)
        elif name == "action":
            step = Step("action", lines, self.file, said, pairs=pairs)
            self._add(step, ruleset)
            self.shared.used()
            self._and(lines, said, ruleset)
        elif name == "include":
            self.shared.include(self.file, pairs.get("file", ""), lines, said, ruleset)
        else:
            self.shared.made(Input(self.file, name, pairs))

    def _pairs(self) -> dict[str, str]:
        """Read `name="value" …` up to the bracket that closes it."""
        found: dict[str, str] = {}
        name = ""
        while part := self._take(_INSIDE):
            if part["end"]:
                break
            if part["name"]:
                name = part["name"].lower()
                found[name] = ""
            elif part["text"] and name:
                text = part["text"]
                text = text if text[0] == "`" else text[1:-1]
                found[name] = f"{found[name]} {text}".strip()
        return found

    def _old(self, lines: Lines, said: str, ruleset: str) -> None:
        """Read an action of the older language."""
        line = self._take(_OLD_ACTION)
        text = line[0].strip() if line else ""
        if text.startswith("!"):  # a block of BSD's, which rsyslog knows no longer
            return
        if text.startswith("~"):
            self._add(Step("stop", lines, self.file, said), ruleset)
        else:
            old = dict(self.shared.settings)
            self._add(Step("action", lines, self.file, said, text, old=old), ruleset)
            self.shared.used()
        self._and(lines, said, ruleset)


class _Shared:
    """What all files share: directives in force, and where their rules belong."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts, self.unread = texts, dict.fromkeys(texts)
        self.settings: dict[str, str] = {}
        self.program = Program()
        self.current, self.depth = "", 0
        self.nowhere = False

    def read(self, file: str, lines: Lines, said: str, ruleset: str) -> None:
        """Read a file where it stands."""
        self.unread.pop(file, None)
        self.deeper(file, 1)
        _Reader(file, self.texts[file], self).whole(lines, said, ruleset)
        self.deeper(file, -1)

    def deeper(self, file: str, by: int) -> None:
        """Count blocks and files within each other; refuse too many."""
        self.depth += by
        if self.depth > _DEEPEST:
            raise Unreadable(f"{file}: blocks within blocks, too deep")

    def add(self, step: Step, ruleset: str) -> None:
        """Add a step to the ruleset that is being read."""
        name = ruleset or self.current or DEFAULT
        name = _NOWHERE if self.nowhere else name
        self.program.rulesets.setdefault(name, []).append(step)

    def made(self, one: Input) -> None:
        """Keep an object; that one is in force which no include reads is not sure."""
        more = {"config.enabled": ""} if self.nowhere else {}
        self.program.objects.append(Input(one.file, one.name, {**one.pairs, **more}))

    def used(self) -> None:
        """Forget what holds for the next action only: one was made."""
        self._forget("actionqueue", "actionexeconlyevery")

    def _forget(self, *begins: str) -> None:
        for name in [one for one in self.settings if one.startswith(begins)]:
            del self.settings[name]

    def directive(self, file: str, name: str, value: str) -> None:
        """Take one directive of the older language."""
        if name == "ruleset":
            self.current = value.lower()
        elif name == "defaultruleset" and not self.nowhere:
            self.program.default = value.lower()
        elif name == "resetconfigvariables":
            self.settings.clear()
        elif name == "localhostipif":
            self.program.elsewhere = True
        elif name == "inputrunfilemonitor":
            self._watched(file)
        elif name in _AS_OBJECTS:
            kind, key = _AS_OBJECTS[name]
            self.made(Input(file, kind, {key: value.partition(" ")[0]}))
        elif name == "template":
            own, _, string = value.partition(",")
            self.made(Input(file, name, {"name": own.strip(), "string": string}))
        elif name in _KEPT:
            self.settings[name] = value

    def _watched(self, file: str) -> None:
        """Make the input that directives have told of; its ruleset stays in force."""
        words = ("file", "inputfilename"), ("ruleset", "inputfilebindruleset")
        more = ("facility", "inputfilefacility"), ("severity", "inputfileseverity")
        found = {k: self.settings[v] for k, v in (*words, *more) if v in self.settings}
        self.made(Input(file, "input", {"type": "imfile", **found}))
        self._forget("inputfilename", "inputfilefacility", "inputfileseverity")

    def include(
        self, file: str, pattern: str, lines: Lines, said: str, ruleset: str
    ) -> None:
        """Read what is included; what is not at hand may throw lines away."""
        pattern += "*" if pattern.endswith("/") else ""
        found = [path for path in sorted(self.texts) if matches(path, pattern)]
        known = pattern == DROP_INS or found
        # What was read already is not read again: files could include each other.
        if not known or any(path not in self.unread for path in found):
            self.add(Step("stop", lines & SOME, file, f"include {pattern}"), ruleset)
        for path in found:
            if path in self.unread:
                self.read(path, lines, said, ruleset)


def read(texts: Mapping[str, str]) -> Program:
    """Read all files from the main one on; without it, one after the other."""
    shared = _Shared(texts)
    main = [MAIN] if MAIN in texts else list(texts)
    for file in main:
        shared.read(file, EVERY, "", "")
    shared.nowhere = True
    for file in list(shared.unread):
        shared.read(file, EVERY, "", "")
    return shared.program
