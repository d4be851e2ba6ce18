"""What of an event can be compared: its values are opened, turned into signals, and sealed for the rows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from typing import Final

import numpy as np

from consumers.fraud.faces import DIMENSIONS
from consumers.fraud.fingerprints import Details, Number
from consumers.fraud.signals import CLASS_OF, Kind, Sealed, Signal, sealed
from protocol.catalogue import PersonalClass, type_name
from protocol.envelope import Event
from protocol.schemas import verification_v1_pb2 as v
from protocol.sealing import Place, find, open_value, own_key
from subscriber.keys import KeyErased, KeyNeverMade, Keys, NoTemplate
from subscriber.serving import Door

__all__ = ["READ", "Reader"]

_NAME: Final = "fraud"
_PURPOSE: Final = "compare cases for fraud"
READ: Final = (
    v.CaseOpened,
    v.EvidenceReceived,
    v.FieldsRead,
    v.MachineZoneRead,
    v.FaceTrackRead,
)
# Below, a reader is more likely to have misread a number than a person to have another one.
_SURE_01: Final = 0.80
# Which claimed or read field says what; a licence's number is the driver's.
_NUMBERS: Final = ("document_number", "driver_number")
_FILES: Final = (
    (Kind.PICTURE, "document_sha256"),
    (Kind.CLIP, "face_sha256"),
    (Kind.DEVICE, "device_sha256"),
)
_CLAIMED: Final = ("given_names", "family_name", "date_of_birth", "document_number")


class Reader:
    """Opens events with applicants' keys; threads may share it. One is made for each place of the door.

    Args:
        door: tells where the journal door is, once the product has started.
    """

    def __init__(self, door: Callable[[], Door]) -> None:
        self._door = door
        self._lock = threading.Lock()
        self._keys: Keys | None = None

    def work(self, given: object) -> tuple[Sealed, ...]:
        """Give the signals of an event; none, where the applicant's key is gone or there never was a value.

        Raises:
            KeyRefused, DoesNotOpen: for good.
            SourceAway: the door, or its key store, cannot answer now.
        """
        if not isinstance(given, Event):
            raise TypeError(f"an event was expected, not {type(given).__name__}")
        one = _Reading(given, self.keys())
        try:
            return tuple(one.seal(signal) for signal in one.signals())
        except (KeyErased, KeyNeverMade):
            return ()

    def own_keys(self, applicants: Sequence[str], personal: PersonalClass) -> dict[str, bytes]:
        """Give the keys by which this service's rows are sealed; see `Keys.own`."""
        return self.keys().own(applicants, personal)

    def close(self) -> None:
        """Let go of the door."""
        with self._lock:
            if self._keys is not None:
                self._keys.close()
            self._keys = None

    def keys(self) -> Keys:
        """Give the way to the door.

        Raises:
            ProductAway: the product has not started yet.
        """
        with self._lock:
            if self._keys is None:
                door = self._door()
                self._keys = Keys(door.url, door.key, purpose=_PURPOSE)
            return self._keys


class _Reading:
    """One event, with the keys that it was opened by: asked for once each."""

    def __init__(self, event: Event, keys: Keys) -> None:
        self._event, self._keys = event, keys
        self._asked: dict[PersonalClass, bytes] = {}

    def signals(self) -> Iterator[Signal]:
        """List what can be compared."""
        match self._event.message:
            case v.CaseOpened() as said:
                values = {name: self._open(said, f"claimed.{name}") for name in _CLAIMED}
                yield from _from_fields("claimed", values)
            case v.EvidenceReceived() as said:
                yield from self._files(said)
            case v.FieldsRead() | v.MachineZoneRead() as said:
                yield from _from_fields(said.evidence_id, self._fields(said))
            case v.FaceTrackRead() as said if said.template_id:
                yield from self._face(said)

    def seal(self, signal: Signal) -> Sealed:
        """Seal a signal under the applicant's key that is this service's own."""
        key = own_key(self._key(CLASS_OF[signal.kind]), _NAME)
        return sealed(signal, self._event.envelope.subject, key)

    def _files(self, said: v.EvidenceReceived) -> Iterator[Signal]:
        for kind, name in _FILES:
            value = self._open(said, name)
            if value:
                yield Signal(kind, said.evidence_id, value)

    def _fields(self, said: v.FieldsRead | v.MachineZoneRead) -> dict[str, bytes]:
        """Open what was surely read; of a zone with a wrong check digit nothing was."""
        if isinstance(said, v.MachineZoneRead) and not said.check_digits_ok:
            return {}
        sure = [(n, field.name) for n, field in enumerate(said.fields) if field.confidence_01 >= _SURE_01]
        wanted = {*_CLAIMED, *_NUMBERS}
        return {name: self._open(said, f"fields.{n}.value") for n, name in sure if name in wanted}

    def _face(self, said: v.FaceTrackRead) -> Iterator[Signal]:
        try:
            kept = self._keys.template(self._event.envelope.applicant, said.evidence_id)
        except NoTemplate:
            return
        vectors = np.load(BytesIO(kept), allow_pickle=False).reshape(-1, DIMENSIONS)
        yield Signal(Kind.FACE, said.evidence_id, vectors[0].astype(np.float32).tobytes())

    def _open(
        self, said: v.CaseOpened | v.EvidenceReceived | v.FieldsRead | v.MachineZoneRead, name: str
    ) -> bytes:
        found = find(said, name)
        if not found.value:
            return b""
        place = Place(self._event.envelope.id, type_name(said), found.path)
        return open_value(self._key(found.personal_class), found.value, place)

    def _key(self, personal: PersonalClass) -> bytes:
        if personal not in self._asked:
            self._asked[personal] = self._keys.of(self._event.envelope.applicant, personal)
        return self._asked[personal]


def _from_fields(source: str, values: dict[str, bytes]) -> Iterator[Signal]:
    """Make signals of a name, a birth date and a number, as far as they are there."""
    said = {name: value.decode(errors="replace") for name, value in values.items()}
    name = " ".join(filter(None, (said.get("given_names"), said.get("family_name"))))
    details = Details.of(name, said.get("date_of_birth", ""))
    if details is not None:
        yield Signal(Kind.DETAILS, source, details.written())
    for wanted in _NUMBERS:
        number = Number.of(said.get(wanted, ""))
        if number is not None:
            yield Signal(Kind.DOCUMENT, f"{source}/{wanted}", number.written())
