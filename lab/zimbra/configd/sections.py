"""The sections of zmconfigd as values, and what triggers each of them."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .inputs import Inputs
from .template import restrictions

ROWS = Path(__file__).with_name("sections.toml")
OUTPUT_MODE = 0o440


@dataclass(frozen=True)
class Rewrite:
    """One file that is generated from a template."""

    template: str
    output: str
    mode: int = OUTPUT_MODE


@dataclass(frozen=True)
class Parameter:
    """One main.cf parameter and where its value comes from."""

    name: str
    kind: str
    operand: str
    wanted: bool = True
    condition: tuple[str, str] | None = None

    def value(self, inputs: Inputs, home: Path) -> str:
        """Return the value to write, empty when the condition does not hold."""
        if self.condition and inputs.truth(*self.condition) is not self.wanted:
            return ""
        return _postfix(self.unconditional(inputs, home))

    def unconditional(self, inputs: Inputs, home: Path) -> str:
        """Return the operand's value, which is what the section watches."""
        if self.kind == "FILE":
            return restrictions((home / self.operand).read_text(), inputs)
        if self.kind == "LOCAL":
            return inputs.key(self.operand)
        return self.operand if self.kind == "LITERAL" else inputs.var(self.operand)


@dataclass(frozen=True)
class Section:
    """One section: inputs, outputs and the services it restarts."""

    name: str
    needs: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    rewrites: tuple[Rewrite, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    program: str = ""
    restart: tuple[str, ...] = ()

    def applies(self, inputs: Inputs) -> bool:
        """Say whether a service of this section is enabled here."""
        return not self.needs or any(inputs.enabled(one) for one in self.needs)

    def watched(self, inputs: Inputs, home: Path) -> dict[str, str]:
        """Return the inputs whose change triggers the section."""
        seen = {f"VAR {name}": inputs.var(name) for name in self.variables}
        seen |= {f"LOCAL {name}": inputs.key(name) for name in self.keys}
        for one in self.parameters:
            if one.kind != "LITERAL":
                seen[f"{one.kind} {one.operand}"] = one.unconditional(inputs, home)
        return seen


@dataclass
class Memory:
    """The watched inputs of each section as they were when it was last run."""

    seen: dict[str, dict[str, str]] = field(default_factory=dict)

    def changes(self, section: Section, now: Mapping[str, str]) -> list[str]:
        """Return what differs from the last run, everything before the first."""
        before = self.seen.get(section.name)
        if before is None:
            return sorted(now) or [section.name]
        return sorted(name for name in now if before.get(name) != now[name])


def load(path: Path = ROWS) -> tuple[Section, ...]:
    """Return the sections in the order of the file."""
    rows = tomllib.loads(path.read_text())
    return tuple(_section(name, row) for name, row in rows.items())


def _section(name: str, row: Mapping[str, object]) -> Section:
    known = {"needs", "vars", "keys", "rewrite", "postconf", "program", "restart"}
    if unknown := set(row) - known:
        raise ValueError(f"section {name}: unknown entries {sorted(unknown)}")
    return Section(
        name=name,
        needs=_texts(row.get("needs")),
        variables=_texts(row.get("vars")),
        keys=_texts(row.get("keys")),
        rewrites=tuple(_rewrite(one) for one in _rows(row.get("rewrite"))),
        parameters=_parameters(row.get("postconf")),
        program=str(row.get("program", "")),
        restart=_texts(row.get("restart")),
    )


def _rows(found: object) -> list[list[str]]:
    return (
        [[str(word) for word in one] for one in found]
        if isinstance(found, list)
        else []
    )


def _texts(found: object) -> tuple[str, ...]:
    return tuple(str(one) for one in found) if isinstance(found, list) else ()


def _rewrite(row: list[str]) -> Rewrite:
    mode = int(row[2], 8) if len(row) > 2 else OUTPUT_MODE  # noqa: PLR2004
    return Rewrite(row[0], row[1], mode)


def _parameters(found: object) -> tuple[Parameter, ...]:
    rows = found.items() if isinstance(found, dict) else ()
    return tuple(_parameter(str(name), str(text)) for name, text in rows)


def _parameter(name: str, text: str) -> Parameter:
    for word, wanted in (("IF", True), ("UNLESS", False)):
        value, found, condition = text.partition(f" {word} ")
        if found:
            kind, _, operand = value.partition(" ")
            what, _, whose = condition.partition(" ")
            return Parameter(name, kind, operand, wanted, (what, whose))
    kind, _, operand = text.partition(" ")
    return Parameter(name, kind, operand)


def _postfix(value: str) -> str:
    # Postfix spells booleans differently from the directory.
    return {"TRUE": "yes", "FALSE": "no"}.get(value, value)
