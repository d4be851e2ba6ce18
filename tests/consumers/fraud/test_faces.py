"""The search among faces: exact while they are few, as good as exact beyond, and rid of what was removed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.fraud.faces import DIMENSIONS, FaceIndex, Vector
from tests.consumers.fraud.office import face, near_to

_MANY = 3_000


def by_looking_at_all(faces: dict[int, Vector], sought: Vector, within: float) -> list[int]:
    distances = {key: float(np.linalg.norm(vector - sought)) for key, vector in faces.items()}
    return sorted((k for k, d in distances.items() if d <= within), key=lambda k: (distances[k], k))


@given(st.lists(st.tuples(st.integers(0, 8), st.booleans()), max_size=40), st.booleans())
@settings(deadline=None)
def test_adding_and_removing_in_any_order_leaves_what_a_dictionary_has(
    steps: list[tuple[int, bool]], with_graph: bool
) -> None:
    index, kept = FaceIndex(exact_up_to=2 if with_graph else 100), dict[int, Vector]()
    for key, adds in steps:
        if adds:
            kept[key] = face(key)
            index.add(key, kept[key])
        else:
            kept.pop(key, None)
            index.remove(key)

    assert len(index) == len(kept)
    assert [n.key for n in index.near(face(3), within=10, most=20)] == by_looking_at_all(kept, face(3), 10)


def test_beyond_the_first_many_each_face_is_found_again_by_another_picture_of_it() -> None:
    index = FaceIndex(exact_up_to=500)
    for key in range(_MANY):
        index.add(key, face(key))

    found = [index.near(near_to(face(key), 0.3), within=0.45, most=5) for key in range(0, _MANY, 50)]

    assert [near[0].key for near in found if near] == list(range(0, _MANY, 50))


@pytest.mark.parametrize("with_graph", [False, True])
def test_what_was_removed_is_found_by_nobody_and_its_numbers_are_gone(with_graph: bool) -> None:
    index = FaceIndex(exact_up_to=2 if with_graph else 100)
    for key in range(30):
        index.add(key, face(key))
    assert len(index.near(face(1), within=0.1, most=5)) == 1
    index.remove(1)

    assert [near.key for near in index.near(face(1), within=0.1, most=5)] == []
    # That nothing is left of it in memory is what is claimed.
    assert face(1).tobytes() not in index._rows.tobytes()
    graph = bytes(index._graph.save() or b"") if index._graph is not None else b""
    assert face(1).astype(np.float16).tobytes() not in graph
    assert (face(2).astype(np.float16).tobytes() in graph) is with_graph


def test_a_face_put_under_the_same_key_takes_the_others_place() -> None:
    index = FaceIndex()
    index.add(1, face(1))
    index.add(1, face(2))

    assert index.near(face(1), within=0.1, most=5) == []
    assert len(index.near(face(2), within=0.1, most=5)) == 1
    assert face(2).shape == (DIMENSIONS,)
