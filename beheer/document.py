"""A YAML file that a person writes: what is wrong in it is told with its line."""

from dataclasses import dataclass
from typing import Any

import yaml

Place = tuple[str | int, ...]
"""Where something stands: ``("municipalities", "deventer", "rsin")``."""


@dataclass(frozen=True)
class Mistake:
    """An error in the file, and its place."""

    place: Place
    message: str


MOST_VALUES = 100_000
"""Most values in a file, each as often as it is used."""


class Mistakes(ValueError):
    """Everything that is wrong with a file, one line each."""


class Document:
    """A YAML file that knows in which line each of its values stands."""

    def __init__(self, name: str, text: str) -> None:
        """Raises Mistakes when it is no YAML, or says something twice."""
        self.name = name
        self._seen = 0
        self.lines: dict[Place, int] = {}
        twice: list[Mistake] = []
        try:
            root = yaml.compose(text, yaml.SafeLoader)
            if root is not None:
                self._walk(root, (), twice)
            self.content: Any = yaml.safe_load(text)
        except RecursionError as e:
            raise Mistakes(f"{name}:1: this is nested too deeply") from e
        except yaml.YAMLError as e:
            mark = getattr(e, "problem_mark", None)
            where = f"{name}:{mark.line + 1}" if mark is not None else name
            raise Mistakes(f"{where}: this is no YAML: {getattr(e, 'problem', None) or e}") from e
        if twice:
            raise self.mistakes(twice)

    def _walk(self, node: yaml.Node, place: Place, twice: list[Mistake]) -> None:
        self._seen += 1
        if self._seen > MOST_VALUES:
            # Aliases can make billions of values out of ten lines.
            raise Mistakes(f"{self.name}:1: this has more than {MOST_VALUES} values")
        self.lines.setdefault(place, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                inner = (*place, str(key.value))
                if inner in self.lines:
                    twice.append(Mistake(inner, "is given twice"))
                self.lines[inner] = key.start_mark.line + 1
                self._walk(value, inner, twice)
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                self._walk(value, (*place, index), twice)

    def show(self, mistake: Mistake) -> str:
        """Return a mistake with its place in the file."""
        place = mistake.place
        while place and place not in self.lines:
            place = place[:-1]
        path = ".".join(str(part) for part in mistake.place)
        return f"{self.name}:{self.lines.get(place, 1)}: {path and f'{path}: '}{mistake.message}"

    def mistakes(self, found: list[Mistake]) -> Mistakes:
        """Return the error that tells all of them, in the order of the file."""
        shown = {self.show(m): None for m in found}
        return Mistakes("\n".join(sorted(shown, key=lambda line: int(line[len(self.name) + 1 :].partition(":")[0]))))
