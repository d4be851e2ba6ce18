"""A step shared by processes as a consumer group: killed or added, each picture is done once."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.step_world import StepWorld
from config.environment import environment
from config.pipeline import WrongStep, chosen
from tests.servers.kafka import Cluster

_PICTURES = 40


@pytest.fixture
def world(empty_kafka: Cluster) -> Iterator[StepWorld]:
    folder = tempfile.TemporaryDirectory(prefix="vouch-step-")
    with folder, StepWorld(Path(folder.name), empty_kafka.server) as world:
        yield world


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_processes_share_a_step_and_one_killed_loses_and_doubles_nothing(world: StepWorld) -> None:
    first, _ = world.add_worker(), world.add_worker()
    world.add_pictures(_PICTURES)
    world.wait(_PICTURES // 4)

    first.kill()
    world.add_pictures(_PICTURES)
    world.add_worker()
    world.wait(2 * _PICTURES)

    assert set(world.classified().values()) == {1}
    assert len(world.classified()) == 2 * _PICTURES


def test_the_rest_of_the_pipeline_leaves_a_shared_step_out() -> None:
    everything = {s.name for s in chosen(environment())}

    rest = {s.name for s in chosen(environment(), without=["classify_front"])}

    assert everything - rest == {"step.classify_front"}


def test_a_step_that_does_not_exist_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(WrongStep, match="classify_front"):
        chosen(environment(), only=["clasify_front"])
