"""The number of objects of a list, and of its parts, as the counts know them (``zgw.counts``)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement


@dataclass(frozen=True)
class Tally:
    """How many objects a list has, known without counting them.

    ``parts`` divide the default order, so that a page is found without walking to it: (name, number of objects), in the
    order of the list. ``between(first, last)`` returns the conditions that keep the parts from one to the other.
    """

    count: int
    parts: Sequence[tuple[int, int]] = ()
    between: Callable[[int, int], list[ColumnElement[bool]]] = lambda first, last: []
    indexed: bool = False

    def window(self, offset: int, size: int) -> tuple[list[ColumnElement[bool]], int]:
        """Return the conditions that keep the parts in which ``size`` objects after ``offset`` lie, and the offset in
        them."""
        parts = iter(self.parts)
        for first, number in parts:
            if offset < number:
                last, left = first, offset + size - number
                while left > 0 and (following := next(parts, None)):
                    last, left = following[0], left - following[1]
                return self.between(first, last), offset
            offset -= number
        return [], offset
