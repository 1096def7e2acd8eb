"""What every table is made of: instants in UTC, JSON, texts."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, TypeAdapter
from sqlalchemy import JSON, Column, DateTime, Dialect, Text
from sqlalchemy.orm import declared_attr
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant in UTC on every database; SQLite by itself forgets the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002  (SQLAlchemy's signature)
    ) -> datetime | None:
        """Refuse a naive time; everything else goes in as UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a naive time reached the ledger: {value.isoformat()}")
        return value.astimezone(UTC)

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002  (SQLAlchemy's signature)
    ) -> datetime | None:
        """Give every time back aware."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def instant(*, index: bool = False, nullable: bool = True) -> Any:  # noqa: ANN401  (as Field)
    """A moment in UTC."""
    return Field(default=None, sa_column=Column(UtcDateTime(), index=index, nullable=nullable))


def json() -> Any:  # noqa: ANN401  (as Field)
    """Anything that JSON holds; never NULL."""
    return Field(sa_column=Column(JSON, nullable=False))


class Coded(TypeDecorator[BaseModel]):
    """One of the domain's codes with what it rests on, as JSON; None where nothing is said."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def __init__(self, reader: TypeAdapter[Any]) -> None:
        """Take what reads such a value from JSON."""
        super().__init__()
        self.reader = reader

    def process_bind_param(
        self,
        value: BaseModel | None,
        dialect: Dialect,  # noqa: ARG002  (SQLAlchemy's signature)
    ) -> Any:  # noqa: ANN401  (JSON)
        """Write a value."""
        return None if value is None else value.model_dump(mode="json")

    def process_result_value(
        self,
        value: Any | None,  # noqa: ANN401  (JSON)
        dialect: Dialect,  # noqa: ARG002  (SQLAlchemy's signature)
    ) -> BaseModel | None:
        """Read a value."""
        return None if value is None else self.reader.validate_python(value)


def coded(reader: TypeAdapter[Any]) -> Any:  # noqa: ANN401  (as Field)
    """A code with what it rests on."""
    return Field(default=None, sa_column=Column(Coded(reader), nullable=True))


class OneOf(TypeDecorator[StrEnum]):
    """A member of an enum, as its value; a plain text column gives back a text that is none."""

    impl = Text
    cache_ok = True

    def __init__(self, members: type[StrEnum]) -> None:
        """Take the enum."""
        super().__init__()
        self.members = members

    def process_result_value(
        self,
        value: str | None,
        dialect: Dialect,  # noqa: ARG002  (SQLAlchemy's signature)
    ) -> StrEnum | None:
        """Read a member."""
        return None if value is None else self.members(value)


def one_of(members: type[StrEnum]) -> Any:  # noqa: ANN401  (as Field)
    """A member of an enum; never NULL."""
    return Field(sa_column=Column(OneOf(members), nullable=False))


def text() -> Any:  # noqa: ANN401  (as Field)
    """A text of any length; never NULL."""
    return Field(sa_column=Column(Text, nullable=False))


class Table(SQLModel):
    """A table named by its class: `CycleRow` rows live in `cycle`."""

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805  # pyright: ignore[reportIncompatibleVariableOverride]
        return cls.__name__.removesuffix("Row").lower()
