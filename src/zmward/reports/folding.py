"""Deviations that say the same of many subjects, folded into one line."""

from collections.abc import Iterable

import msgspec

from zmward.deviation import Deviation


class Fold(msgspec.Struct, frozen=True):
    """What is wrong with all of `subjects` alike."""

    subjects: tuple[str, ...]
    found: str
    wanted: str
    layer: str
    no_cure: str
    deviations: tuple[Deviation, ...]

    def named(self, most: int = 3) -> tuple[str, int]:
        """Return the first subjects' names and how many are left out."""
        if len(self.subjects) == 1:
            return self.subjects[0], 0
        names = ", ".join(_short(name) for name in self.subjects[:most])
        return names, max(len(self.subjects) - most, 0)

    @property
    def kind(self) -> str:
        """Return the kind that all subjects share, such as `account`."""
        return _kind(self.subjects[0])


def _kind(subject: str) -> str:
    kind, colon, _ = subject.partition(":")
    return kind if colon and kind.isalpha() else ""


def _short(subject: str) -> str:
    return subject.partition(":")[2] if _kind(subject) else subject


def folds(deviations: Iterable[Deviation]) -> tuple[Fold, ...]:
    """Return the folds in the order of their first deviation."""
    found: dict[tuple[str, str, str, str, str], list[Deviation]] = {}
    for deviation in deviations:
        key = (
            deviation.found,
            deviation.wanted,
            deviation.layer.value,
            deviation.no_cure,
            _kind(deviation.subject),
        )
        found.setdefault(key, []).append(deviation)
    return tuple(
        Fold(
            subjects=tuple(deviation.subject for deviation in group),
            found=text,
            wanted=wanted,
            layer=layer,
            no_cure=no_cure,
            deviations=tuple(group),
        )
        for (text, wanted, layer, no_cure, _), group in found.items()
    )
