"""Expressions that are the same in every statement.

SQLAlchemy finds a compiled statement back by walking over everything in it, which for a resource with several
subqueries costs more than compiling saves. What never differs need not be walked over again.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, FromClause
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler


class Fixed(ColumnElement[Any]):
    """An expression that is recognised by its identity: ``Fixed(related("status", "zaak", ZAAK_TABLE))``."""

    inherit_cache = True

    def __init__(self, inner: ColumnElement[Any]) -> None:
        key = inner._generate_cache_key()
        assert key is not None
        self.inner = inner
        self.type = inner.type
        self._parameters = key.bindparams

    def _gen_cache_key(self, anon_map: Any, bindparams: list[Any]) -> tuple[Any, ...]:
        bindparams.extend(self._parameters)
        return Fixed, id(self.inner)

    @property
    def _from_objects(self) -> list[FromClause]:
        return list(self.inner._from_objects)

    def self_group(self, against: Any = None) -> ColumnElement[Any]:
        """Stand wherever ``inner`` stands; it brings its own parentheses."""
        return self

    def get_children(self, **_: Any) -> Iterable[Any]:
        """Show what is inside to whoever wants to change a statement."""
        return (self.inner,)


@compiles(Fixed)
def _compiled(element: Fixed, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.inner, **options)
