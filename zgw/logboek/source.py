"""How a service knows whose data its objects are about: declared with its API."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from runtime.statements import Executor

Persons = Mapping[str, tuple[str, list[tuple[str, str]]]]
"""By the uuid of a zaak: the stored path of its zaaktype, and the kind and number of each person."""
Subjects = list[list[str]]
"""Path of the zaaktype, kind and encrypted number of each; an action about nobody has one without kind and number."""


@dataclass(frozen=True)
class Source:
    """How a service finds the zaken of its main objects (``zaken``: by uuid of those), and the persons of zaken where
    these are its own (``personen``)."""

    zaken: Callable[[Executor, Sequence[str]], Awaitable[Mapping[str, Sequence[str]]]]
    personen: Callable[[Executor, Sequence[str]], Awaitable[Persons]] | None = None
