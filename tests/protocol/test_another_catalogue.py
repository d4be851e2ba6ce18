"""Another product's rows in place of ours: what an application does that keeps events of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from protocol import catalogue
from protocol.catalogue import STREAMS, Stream, UnknownType
from protocol.schemas import client_v1_pb2 as client
from protocol.schemas import options_pb2 as options
from protocol.schemas import streaming_v1_pb2 as streaming

OURS = tuple(STREAMS)


def row(name: str, *messages: type) -> Stream:
    return Stream(name=name, owner="them", producers=("them",), consumers=(), meaning="", messages=messages)


@pytest.fixture(autouse=True)
def _ours_again() -> Iterator[None]:
    yield
    catalogue.use(OURS)


def test_a_catalogue_that_another_product_uses_has_its_rows_and_no_others() -> None:
    catalogue.use([row("them.said", client.ClientAdded)])

    assert [stream.name for stream in STREAMS] == ["them.said"]
    assert list(catalogue.all_types()) == ["vouch.client.v1.ClientAdded"]
    assert catalogue.stream_of("vouch.client.v1.ClientAdded").name == "them.said"
    assert catalogue.parse("vouch.client.v1.ClientAdded", b"") == client.ClientAdded()
    with pytest.raises(UnknownType):
        catalogue.stream_named("verification.case")
    with pytest.raises(UnknownType):
        catalogue.parse("vouch.client.v1.KeyIssued", b"")


@pytest.mark.parametrize(
    "rows",
    [
        (row("a", client.ClientAdded), row("a", client.KeyIssued)),
        (row("a", client.ClientAdded), row("b", client.ClientAdded)),
        (row("a", streaming.RecordsExpired, streaming.RecordsExpired),),
    ],
    ids=["one name", "one message", "one message in one row"],
)
def test_rows_that_contradict_each_other_are_refused_and_change_nothing(rows: tuple[Stream, ...]) -> None:
    with pytest.raises(ValueError, match="two rows"):
        catalogue.use(rows)

    assert tuple(STREAMS) == OURS
    assert catalogue.knows("vouch.client.v1.ClientAdded")


def test_the_marks_of_personal_fields_are_the_languages_own_and_stay() -> None:
    field = client.ClientAdded.DESCRIPTOR.fields_by_name["name"]

    catalogue.use([])

    assert field.GetOptions().Extensions[options.data] == options.NONE
    assert catalogue.personal_class(field) is None
