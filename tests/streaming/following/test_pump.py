"""One read path: what a reader gets does not depend on when, where from, or in how many parts it reads."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from asgiref.sync import sync_to_async
from google.protobuf.message import Message

from events.keys import destroy_key, forget_cached
from events.models import ApplicantKey
from protocol.catalogue import PersonalClass
from protocol.problems import Refused
from streaming.models import FeedHead, FeedRecord
from streaming.reading.feeds import Part, read
from streaming.reading.ring import Ring
from streaming.reading.tailer import leave, tailer
from streaming.wire import frames as wire
from tests.streaming import told
from tests.streaming.away import records_away
from tests.streaming.conftest import Client, House
from tests.streaming.readers import PACE, Frame, collected, frames_of, numbers, one_by_one, pump, records

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "keys", "feed"])


async def written(house: House, count: int = 99) -> Client:
    client = await sync_to_async(house.client)()
    await sync_to_async(client.many)(count)
    await sync_to_async(house.write)()
    return client


async def more(client: Client, *messages: Message) -> None:
    await sync_to_async(client.case)(told.received(), *messages)
    await sync_to_async(client.house.write)()


def take_keys_away() -> list[ApplicantKey]:
    keys = list(ApplicantKey.objects.all())
    ApplicantKey.objects.all().delete()
    forget_cached()
    return keys


def chained(frames: list[Frame], start: int) -> bool:
    """Each record names the one before it."""
    said = records(frames)
    return [f["prev"] for f in said] == [start, *(f["number"] for f in said)][:-1]


async def test_from_75_starts_with_75_and_names_74_before_it(house: House) -> None:
    client = await written(house)
    frames = await frames_of(client, from_="75")
    assert frames[0]["frame"] == "welcome"
    assert (frames[0]["from"], frames[0]["oldest"], frames[0]["head"]) == (75, 1, 99)
    assert numbers(frames) == list(range(75, 100))
    assert chained(frames, 74)


async def test_a_reader_that_resumes_by_cursor_misses_and_repeats_nothing(house: House) -> None:
    client = await written(house, 60)
    got: list[Frame] = records(await frames_of(client, from_="earliest", limit="7", wait="0"))
    while len(got) < 60:
        got += records(await frames_of(client, after=str(got[-1]["cursor"]), limit="7", wait="0"))
    assert numbers(got) == list(range(1, 61))
    assert chained(got, 0)


async def test_all_partitions_together_are_the_whole_feed_for_every_n(house: House) -> None:
    client = await written(house, 90)
    whole = records(await frames_of(client, from_="earliest"))
    for n in (1, 2, 4, 16):
        parts = [await frames_of(client, from_="earliest", partition=f"{i}/{n}") for i in range(n)]
        assert sorted(number for part in parts for number in numbers(part)) == numbers(whole)
        assert all(chained(part, 0) for part in parts)


async def test_a_partition_entered_in_the_middle_names_its_own_record_before(house: House) -> None:
    client = await written(house, 60)
    whole = await frames_of(client, from_="earliest", partition="1/2")
    middle = await frames_of(client, from_="31", partition="1/2")
    before = [number for number in numbers(whole) if number < 31]
    assert chained(middle, before[-1])
    assert before + numbers(middle) == numbers(whole)


async def test_chosen_kinds_come_alone_and_name_no_record_before(house: House) -> None:
    client = await written(house, 30)
    frames = await frames_of(client, from_="earliest", kinds="evidence")
    assert {f["kind"] for f in records(frames)} == {"evidence"}
    assert not any("prev" in f for f in frames)


async def test_a_record_that_comes_later_reaches_an_open_stream(house: House) -> None:
    client = await written(house, 3)
    reading = asyncio.create_task(frames_of(client, limit="3"))
    await asyncio.sleep(0.05)
    await more(client)
    assert numbers(await asyncio.wait_for(reading, 5)) == [4, 5, 6]


async def test_what_is_not_there_yet_is_waited_for_and_then_given_up(house: House) -> None:
    client = await written(house, 3)
    frames = await asyncio.wait_for(frames_of(client, from_="4", wait="0"), 5)
    assert [frame["frame"] for frame in frames] == ["welcome"]


async def test_until_caught_up_ends_at_the_head_of_the_beginning(house: House) -> None:
    client = await written(house, 6)
    stream = await pump(client, from_="earliest", until="caught_up")
    await more(client)
    assert numbers(await collected(stream)) == [1, 2, 3, 4, 5, 6]


async def test_silence_brings_heartbeats_that_say_how_far_was_read(house: House) -> None:
    client = await written(house, 6)
    frames = await frames_of(client, pace=replace(PACE, heartbeat_s=0.1), wait="1", from_="earliest")
    beats = [frame for frame in frames if frame["frame"] == "heartbeat"]
    assert len(beats) >= 2
    assert beats[0] == {"frame": "heartbeat", "position": 6, "head": 6}


async def test_a_heartbeat_passes_over_what_belongs_to_other_partitions(house: House) -> None:
    client = await written(house, 3)
    batch = await sync_to_async(read)(Part(feed=client.feed), 0, 3)
    other = f"{1 - batch.rows[0].slot % 2}/2"
    frames = await frames_of(
        client, pace=replace(PACE, heartbeat_s=0.05), wait="1", from_="1", partition=other
    )
    assert (frames[1]["frame"], frames[1]["position"]) == ("heartbeat", 3)


async def test_a_planned_cut_is_announced_with_when_to_come_back(house: House) -> None:
    client = await written(house, 3)
    stream = await pump(client, pace=replace(PACE, max_age_s=0.1))
    last = (await collected(stream))[-1]
    assert last == {"frame": "bye", "reason": "max_age", "retry_after_ms": 15_000}
    assert stream.ended == "max_age"


async def test_a_process_that_ends_says_goodbye_to_its_readers(house: House) -> None:
    client = await written(house, 3)
    reading = asyncio.create_task(collected(await pump(client)))
    await asyncio.sleep(0.05)
    leave()
    assert (await asyncio.wait_for(reading, 5))[-1]["reason"] == "shutdown"


async def test_keys_that_are_away_hold_a_stream_up_and_lose_nothing(house: House) -> None:
    client = await written(house, 3)
    await more(client, told.fields(("family_name", "LOVELACE")))
    keys = await sync_to_async(take_keys_away)()
    held = await frames_of(client, from_="6", wait="1", pace=replace(PACE, heartbeat_s=0.2))
    assert (numbers(held), held[-1]["position"]) == ([6], 6)
    await sync_to_async(ApplicantKey.objects.bulk_create)(keys)
    assert numbers(await frames_of(client, from_="6")) == [6, 7]


async def test_what_was_erased_keeps_its_number_and_says_so(house: House) -> None:
    client = await written(house, 3)
    case = await sync_to_async(client.case)(told.received(), told.fields(("sex", "F")))
    await sync_to_async(house.write)()
    await sync_to_async(destroy_key)(case.applicant, PersonalClass.IDENTITY, now=house.now)
    (record,) = records(await frames_of(client, from_="7"))
    assert (record["kind"], record["data"]) == ("partial", {"erased": True})


async def test_a_restored_epoch_ends_open_streams(house: House) -> None:
    client = await written(house, 3)
    stream = await pump(client)
    reading = asyncio.create_task(collected(stream))
    await asyncio.sleep(0.05)
    await FeedHead.objects.filter(feed=client.feed).aupdate(epoch="deadbeef")
    assert (await asyncio.wait_for(reading, 5))[-1]["reason"] == "epoch_changed"


async def test_an_epoch_that_changed_while_nobody_read_ends_no_stream_opened_after_it(house: House) -> None:
    client = await written(house, 3)
    await frames_of(client, from_="4", wait="1")
    await asyncio.sleep(0.05)
    await FeedHead.objects.filter(feed=client.feed).aupdate(epoch="deadbeef")

    assert numbers(await frames_of(client, from_="earliest")) == [1, 2, 3]


async def test_who_comes_back_when_the_feed_can_be_read_again_is_served(house: House) -> None:
    client = await written(house, 3)
    tailer().behind = True  # as a look that failed leaves it

    assert numbers(await frames_of(client, from_="earliest")) == [1, 2, 3]


async def test_a_database_that_goes_away_in_mid_stream_is_said_before_the_end(house: House) -> None:
    client = await written(house, 3)
    stream = await pump(client, from_="earliest")

    with records_away():
        frames = await collected(stream)

    assert [frame["frame"] for frame in frames] == ["welcome", "falling_behind"]
    assert (frames[-1]["reason"], stream.ended) == ("feed_behind", "feed_behind")


async def test_history_that_is_passed_over_is_no_silence(house: House) -> None:
    client = await written(house, 900)

    frames = await frames_of(
        client, pace=replace(PACE, heartbeat_s=0), from_="1", until="caught_up", kinds="check"
    )

    beats = [frame for frame in frames if frame["frame"] == "heartbeat"]
    assert beats
    assert 0 < beats[0]["position"] < beats[0]["head"] == 900


async def test_what_a_stalled_reader_holds_of_the_old_epoch_is_given_to_nobody_in_the_new(
    house: House,
) -> None:
    client = await written(house, 3)
    stalled = one_by_one(await pump(client, from_="earliest"))
    assert [type(await anext(stalled)) for _ in range(2)] == [wire.Welcome, wire.Record]

    await FeedRecord.objects.filter(feed=client.feed, number=3).aupdate(
        body=b'{"kind":"case","data":{"status":"decided"}}'
    )
    await FeedHead.objects.filter(feed=client.feed).aupdate(epoch="deadbeef")

    (record,) = records(await frames_of(client, from_="3"))
    assert (record["cursor"], record["data"]) == ("deadbeef-3", {"status": "decided"})


async def test_two_clients_never_see_each_other(house: House) -> None:
    one, other = await written(house, 30), await written(house, 30)
    mine, theirs = await frames_of(one, from_="earliest"), await frames_of(other, from_="earliest")
    assert numbers(mine) == numbers(theirs) == list(range(1, 31))
    assert not {f["case"] for f in records(mine)} & {f["case"] for f in records(theirs)}


async def test_personal_values_are_opened_for_those_who_may_see_them_only(house: House) -> None:
    client = await written(house, 3)
    await more(client, told.fields(("family_name", "LOVELACE")), told.zone())
    (name, zone) = (f["data"] for f in records(await frames_of(client, from_="7")))
    assert name["value"] == "LOVELACE"
    assert zone["value"]["lines"] == ["P<GBRLOVELACE<<ADA", "1234567897GBR"]
    plain = await sync_to_async(client.narrowed)("feed:read")
    assert "LOVELACE" not in json.dumps(await frames_of(plain, from_="1", wait="0"))


async def test_a_feed_without_records_says_where_it_will_begin(house: House) -> None:
    client = await sync_to_async(house.client)()
    welcome = (await frames_of(client))[0]
    assert (welcome["oldest"], welcome["head"], welcome["from"]) == (1, 0, 1)
    assert len(str(welcome["epoch"])) == 8


async def test_another_clients_case_is_not_found(house: House) -> None:
    client, stranger = await written(house, 3), await written(house, 3)
    case = records(await frames_of(client, from_="1"))[0]["case"]
    with pytest.raises(Refused) as caught:
        await frames_of(stranger, case=str(case))
    assert caught.value.code == "not_found"


async def test_a_case_has_the_feeds_numbers_and_its_own_record_before(house: House) -> None:
    client = await written(house, 30)
    case = str(records(await frames_of(client, from_="13", limit="1"))[0]["case"])
    frames = await frames_of(client, case=case)
    assert numbers(frames) == [13, 14, 15]
    assert chained(frames, 0)


async def test_memory_and_database_give_the_same_records(house: House) -> None:
    client = await written(house, 90)
    ring = Ring(client.feed, budget_bytes=4_000)
    for part in (Part(feed=client.feed), Part(feed=client.feed, index=1, of=2)):
        for start in (0, 44, 80, 89, 90):
            held = await ring.after(part, start, 90)
            assert held == await sync_to_async(read)(part, start, 90)
