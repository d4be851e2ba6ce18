"""The OpenAPI document, and the capture page."""

from __future__ import annotations

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from rest_framework.test import APIClient

pytestmark = pytest.mark.django_db(databases="__all__")


def test_the_openapi_document_names_every_call_and_how_to_ask(nobody: APIClient) -> None:
    document = nobody.get("/v1/openapi.json").json()
    assert document["paths"]["/v1/cases"].keys() == {"get", "post"}
    assert "/v1/cases/{case}/evidence" in document["paths"]
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def test_an_upload_is_documented_as_a_form_with_a_file(nobody: APIClient) -> None:
    call = nobody.get("/v1/openapi.json").json()["paths"]["/v1/cases/{case}/evidence"]["post"]
    assert "multipart/form-data" in call["requestBody"]["content"]
    assert "202" in call["responses"]


def test_the_capture_page_runs_no_script_but_its_own(client: Client) -> None:
    page = client.get("/capture/")
    assert page.status_code == 200
    policy = page["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
    assert "script-src 'self'" in policy
    assert b"onclick" not in page.content


def test_the_capture_pages_own_files_are_served(client: Client) -> None:
    content = client.get("/capture/").content.decode()
    for name in ("verification/capture.js", "verification/capture.css"):
        assert name in content
        assert finders.find(name)


def test_every_input_of_the_capture_page_has_a_label(client: Client) -> None:
    content = client.get("/capture/").content.decode()
    for name in ("document-file", "clip-file"):
        assert f'<label for="{name}">' in content
    assert 'lang="en-GB"' in content
