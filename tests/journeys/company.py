"""A company that has people verified, and the applicants' phones; both use the public interface only."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import httpx

from examples.demo.cases import claims
from examples.demo.following import Arrived, Follower
from tests.specimens.clips import Action, Look, render
from tests.specimens.holders import HOLDER_A, Holder
from tests.specimens.portraits import portrait

__all__ = ["NINE", "Applicant", "Asked", "Company", "codes", "records_of"]

Asked = tuple[Action, ...]
NINE = frozenset(
    (
        "document",
        "quality",
        "consistency",
        "comparison",
        "age",
        "tamper",
        "liveness",
        "face_match",
        "register",
    )
)
BASIS = {"basis": "consent", "text_version": "1", "locale": "en-GB", "given_at": "2026-01-05T10:00:00Z"}
_PATIENCE_S = 60.0
_AWAY_S = 45.0


def codes(check: Arrived) -> set[str]:
    """The codes of a check's reasons."""
    reasons = check.data["reasons"]
    return {str(reason["code"]) for reason in reasons} if isinstance(reasons, list) else set()


def records_of(url: str, path: str, key: str, **query: str) -> list[dict[str, object]]:
    """Read a feed up to where it stands now, as frames."""
    asked = {"until": "caught_up", **(query or {"from": "earliest"})}
    headers = {"Authorization": f"Bearer {key}", "Accept": "application/x-ndjson"}
    answer = httpx.get(f"{url}{path}", params=asked, headers=headers, timeout=30).raise_for_status()
    frames = [json.loads(line) for line in answer.text.splitlines()]
    return [frame for frame in frames if frame["frame"] == "record"]


@dataclass(frozen=True)
class Company:
    """A client with its key and its open reader; a `traceparent` goes with each of its calls."""

    url: str
    key: str
    follower: Follower
    traceparent: str = ""

    def http(self, key: str = "") -> httpx.Client:
        """Call as the company, or as whoever holds another key or token."""
        headers = {"Authorization": f"Bearer {key or self.key}"}
        if self.traceparent:
            headers["traceparent"] = self.traceparent
        return httpx.Client(base_url=self.url, headers=headers, timeout=30)

    def open(
        self,
        *,
        basis: bool = True,
        stake: str = "3000.00",
        minimum_age: int = 18,
        holder: Holder = HOLDER_A,
    ) -> Applicant:
        """Open a case, asking again while the product is away; its applicant holds a phone with the token."""
        body: dict[str, object] = {
            "reference": f"journey-{secrets.token_hex(4)}",
            "stake": {"amount": stake, "currency": "GBP"},
            "claimed": claims(holder),
            "minimum_age": minimum_age,
            **({"biometrics": BASIS} if basis else {}),
        }
        once = {"Idempotency-Key": secrets.token_hex(8)}
        answer = self.until_there(lambda http: http.post("/v1/cases", json=body, headers=once))
        assert answer.status_code == 201, answer.text
        opened = answer.json()
        return Applicant(self, opened["id"], opened["capture"]["token"], opened["capture"]["url"], holder)

    def until_there(self, call: Callable[[httpx.Client], httpx.Response], key: str = "") -> httpx.Response:
        """Make a call again and again while the product is away; as the company, or with another key."""
        until_s = time.monotonic() + _AWAY_S
        while True:
            try:
                with self.http(key) as http:
                    answer = call(http)
                if answer.status_code != 503 or time.monotonic() > until_s:
                    return answer
            except httpx.TransportError:
                if time.monotonic() > until_s:
                    raise
            time.sleep(0.2)


@dataclass
class Applicant:
    """One case, as its phone fills it and its company hears of it."""

    company: Company
    case: str
    token: str
    url: str
    holder: Holder
    sent: list[httpx.Response] = field(default_factory=list)

    def post(self, call: str, body: Mapping[str, object] | None = None) -> httpx.Response:
        """Make one of the phone's calls, again and again while the product is away."""
        address = f"/v1/cases/{self.case}/{call}"
        return self.company.until_there(lambda http: http.post(address, json=body), self.token)

    def send(self, data: bytes, kind: str = "document_front", challenge: str = "") -> httpx.Response:
        """Upload a file; again, while the product is away."""
        form = {"kind": kind, **({"challenge": challenge} if challenge else {})}
        address = f"/v1/cases/{self.case}/evidence"
        answer = self.company.until_there(
            lambda http: http.post(address, data=form, files={"file": data}), self.token
        )
        self.sent.append(answer)
        return answer

    def draw(self) -> tuple[str, Asked]:
        """Ask for a challenge: its id, and what to do when."""
        drawn = self.post("challenge").raise_for_status().json()
        return drawn["id"], tuple(Action(a["do"], a["at_ms"]) for a in drawn["actions"])

    def film(
        self, look: Look = Look(), *, does: Callable[[Asked], Asked] = lambda asked: asked
    ) -> httpx.Response:
        """Film the holder doing what was asked, or what `does` makes of it, and send the clip."""
        challenge, asked = self.draw()
        face = portrait(self.holder.clip_portrait)
        clip = render(face, actions=does(asked), seed=sum(self.case.encode()), look=look)
        return self.send(clip, "face_video", challenge)

    def submit(self) -> None:
        """Say that nothing more comes."""
        assert self.post("submit").status_code == 202

    def records(self) -> list[Arrived]:
        """What the company has heard of the case so far."""
        return self.company.follower.of(self.case)

    def heard(self, wanted: Callable[[Arrived], bool], within_s: float = _PATIENCE_S) -> Arrived:
        """Wait for a record."""
        found = self.company.follower.wait_for(self.case, wanted, within_s)
        assert found is not None, f"not heard within {within_s:.0f} s; heard: {list(self._story())}"
        return found

    def check(self, name: str, *, code: str = "") -> Arrived:
        """Wait for the last word on a check, or for an answer with that code."""

        def good(arrived: Arrived) -> bool:
            if arrived.kind != "check" or arrived.data["check"] != name:
                return False
            return code in codes(arrived) if code else bool(arrived.record["final"])

        return self.heard(good)

    def decided(self, outcome: str) -> Arrived:
        """Wait for a settled decision of that outcome."""
        wanted = {"outcome": outcome, "missing": []}
        return self.heard(lambda a: a.kind == "decision" and a.data.items() >= wanted.items())

    def fact(self, name: str) -> Arrived:
        """Wait for a fact."""
        return self.heard(lambda a: a.kind == "partial" and a.data["fact"] == name)

    def facts(self) -> dict[str, object]:
        """The values of the facts heard so far."""
        said = (a.data for a in self.records() if a.kind == "partial")
        return {str(data["fact"]): data.get("value") for data in said}

    def answers(self) -> dict[str, str]:
        """The status of each check heard so far."""
        return {str(a.data["check"]): str(a.data["status"]) for a in self.records() if a.kind == "check"}

    def all_ended(self) -> dict[str, str]:
        """Wait until all nine checks have ended."""
        self.heard(lambda _: self.answers().keys() == NINE)
        return self.answers()

    def _story(self) -> Iterator[str]:
        for arrived in self.records():
            named = (arrived.data.get(k) for k in ("check", "status", "fact", "outcome", "state", "code"))
            yield " ".join([arrived.kind, *(str(word) for word in named if word)])
