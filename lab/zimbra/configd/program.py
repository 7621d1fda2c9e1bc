"""conf/zmconfigd.cf: the sections in the words of the real daemon's program."""

import sys
from collections.abc import Iterable, Iterator

from .sections import OUTPUT_MODE, Parameter, Section, load


def text(sections: Iterable[Section]) -> str:
    """Return the program that says what the sections do."""
    return "\n".join(line for section in sections for line in _lines(section)) + "\n"


def _lines(section: Section) -> Iterator[str]:
    depends = " DEPENDS " + " ".join(section.needs) if section.needs else ""
    yield f"SECTION {section.name}{depends}"
    yield from (f"\tVAR {name}" for name in section.variables)
    yield from (f"\tLOCAL {name}" for name in section.keys)
    for one in section.rewrites:
        mode = "" if one.mode == OUTPUT_MODE else f" MODE {one.mode:04o}"
        yield f"\tREWRITE {one.template} {one.output}{mode}"
    for parameter in section.parameters:
        yield from _parameter(parameter)
    if section.program == "proxy":
        yield "\tPROXYGEN"
    if section.program == "dhparam":
        yield "\tMAPFILE zimbraSSLDHParam dhparam.pem"
    if section.restart:
        yield "\tRESTART " + " ".join(section.restart)
    yield ""


def _parameter(parameter: Parameter) -> Iterator[str]:
    kind = "" if parameter.kind == "LITERAL" else f"{parameter.kind} "
    operand = parameter.operand
    if parameter.kind == "FILE":
        operand = operand.removeprefix("conf/")
    line = f"POSTCONF {parameter.name} {kind}{operand}"
    if parameter.condition is None:
        yield f"\t{line}"
        return
    what, whose = parameter.condition
    mark = "" if parameter.wanted else "!"
    yield f"\tif {what} {mark}{whose}"
    yield f"\t\t{line}"
    yield "\tfi"
    yield f"\tif {what} {'!' if parameter.wanted else ''}{whose}"
    yield f"\t\tPOSTCONF {parameter.name}"
    yield "\tfi"


if __name__ == "__main__":
    sys.stdout.write(text(load()))
