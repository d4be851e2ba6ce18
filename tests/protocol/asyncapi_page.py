"""The AsyncAPI page as it lies in the repository, and what it has against a value."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml
from jsonschema import Draft7Validator

from protocol.asyncapi.page import PAGE

__all__ = ["offences", "offences_of_frame", "page", "schema", "schemas"]

Json = dict[str, Any]


@cache
def page() -> Json:
    """Read the page."""
    read: Json = yaml.safe_load(PAGE.read_text())
    return read


def schemas() -> Json:
    """Give the page's schemas by name."""
    found: Json = page()["components"]["schemas"]
    return found


def schema(name: str, field: str) -> Json:
    """Give what the page says of a field of an object."""
    found: Json = schemas()[name]["properties"][field]
    return found


def offences(name: str, value: object) -> list[str]:
    """List what is not as a schema of the page says; empty: all is."""
    return [f"{error.json_path}: {error.message}" for error in _validator(name).iter_errors(value)]


def offences_of_frame(frame: Json) -> list[str]:
    """List what is not as the page says of a frame, which names itself."""
    message = page()["components"]["messages"].get(frame["frame"])
    if message is None:
        return [f"there is no frame {frame['frame']}"]
    return offences(message["payload"]["$ref"].rpartition("/")[2], frame)


@cache
def _validator(name: str) -> Draft7Validator:
    # AsyncAPI's schemas are those of draft 7; references lead from the top of the document.
    return Draft7Validator({"allOf": [{"$ref": f"#/components/schemas/{name}"}], **page()})
