"""Every error that ends a run, with its exit code.

ZmwardError
├── Usage            2   the command line or a file given on it is wrong
│   └── BadFile          a named file cannot be used
├── Incomplete       3   the question could not be answered
│   ├── NotZimbra        the host does not look like a Zimbra server
│   └── Unreachable      the host could not be asked at all
├── Refused          4   the work would be unsafe
│   └── Stale            the host is no longer what the plan was made from
├── Failed           5   a step failed and everything was rolled back
│   └── Fault            the directory, or a program of the host, refused
├── NotUndone        6   something could not be rolled back
└── Interrupted    130   a stop was asked for, and everything was rolled back
"""


class ZmwardError(Exception):
    """The common ancestor: its text names the thing and the next step."""

    code = 70


class Usage(ZmwardError):
    """The command line asks for something that does not exist."""

    code = 2


class BadFile(Usage):
    """A file given by the user cannot be read, parsed or believed."""


class Incomplete(ZmwardError):
    """The run could not find out what it was asked for."""

    code = 3


class NotZimbra(Incomplete):
    """The host shows no sign of a Zimbra installation."""


class Unreachable(Incomplete):
    """The host did not answer, or answered with something else."""


class Refused(ZmwardError):
    """The work would be unsafe, so nothing was done."""

    code = 4


class Stale(Refused):
    """The host is no longer what the plan was made from, so nothing was done."""


class Failed(ZmwardError):
    """A step failed, and what had been done is undone."""

    code = 5


class Fault(Failed):
    """The directory or a program of the host refused; `fault` is its own code."""

    def __init__(self, fault: str, text: str, where: str) -> None:
        self.fault, self.text, self.where = fault, text, where
        super().__init__(f"{where}: {text} ({fault})")


class NotUndone(ZmwardError):
    """Something that was done could not be undone."""

    code = 6


class Interrupted(ZmwardError):
    """A stop was asked for, and what had been done is undone."""

    code = 130
