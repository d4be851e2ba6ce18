"""Names under which a proxy makes us known: those that the operator gives, and no others."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from config.environment import WrongSetting, environment
from examples.demo.cases import claims
from tests.servers.web import WebAlone
from tests.specimens.holders import HOLDER_A


def _asked(web: WebAlone, host: str) -> httpx.Response:
    """Ask as a proxy would that has taken the TLS off."""
    headers = {**web.auth, "Host": host, "X-Forwarded-Proto": "https", "Idempotency-Key": host}
    body = {
        "reference": "order-1",
        "stake": {"amount": "2.00", "currency": "GBP"},
        "claimed": claims(HOLDER_A),
        "minimum_age": 18,
    }
    return httpx.post(f"http://{web.address}/v1/cases", headers=headers, json=body, timeout=30)


@pytest.mark.slow
def test_the_phones_address_has_the_name_under_which_we_were_asked(web_alone: WebAlone) -> None:
    answer = _asked(web_alone, "verify.example.com")

    assert answer.status_code == 201, answer.text
    assert answer.json()["capture"]["url"].startswith("https://verify.example.com/capture/#")


@pytest.mark.slow
def test_another_name_is_refused(web_alone: WebAlone) -> None:
    assert _asked(web_alone, "evil.example.com").status_code == 400


@pytest.mark.parametrize("value", ["*", ".example.com", "https://a.example", "a.example:8000", "a b"])
def test_what_is_no_host_name_is_refused_with_the_variables_name(
    tmp_path: Path, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOUCH_DATA", str(tmp_path))
    monkeypatch.setenv("VOUCH_HOSTS", value)

    with pytest.raises(WrongSetting, match="VOUCH_HOSTS has"):
        environment.__wrapped__()
