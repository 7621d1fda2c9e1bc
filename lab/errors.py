"""The one error that the lab reports to the person who runs it."""


class LabError(Exception):
    """Says what the lab could not do and what to do next."""
