"""The whole page: what is true of both halves, put together and written as YAML."""

from __future__ import annotations

from typing import Final

import yaml

from protocol.asyncapi import feed, streams
from protocol.asyncapi.frames import frame_schemas
from protocol.asyncapi.schemas import Json
from protocol.described import ROOT

__all__ = ["PAGE", "page", "written"]

PAGE: Final = ROOT / "docs" / "reference" / "asyncapi.yaml"
_HEAD: Final = (
    "# Made by `make docs` (python -m protocol.asyncapi) from schemas and catalogue; a test compares.\n"
)
_WHO: Final = "A client's key, a ticket of POST /v1/tickets, or (one case, long responses only) a case token."
_ABOUT: Final = """\
Vouch tells every fact of a verification the moment it is known: clients on their feed, other teams on event
streams. The operations are ours: `send` is what we say and you read.

The schemas are closed: they say what this version says, and tests hold the running product to them. A minor
version may add to them, so pass over fields, kinds and frames that you do not know. What is marked
`x-not-yet` is promised by the contract, and nothing says it yet.

Personal fields of events (`x-personal`) are sealed with keys of the applicant, which the journal door gives
to those who may have them; a feed has them in clear for a key with the scope feed:personal.
"""


def page() -> Json:
    """Describe the public feed and the event streams as an AsyncAPI document."""
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Vouch: feed and event streams", "version": "1.0.0", "description": _ABOUT},
        "defaultContentType": "application/json",
        "servers": _servers(),
        "channels": feed.channels() | streams.channels(),
        "operations": feed.operations() | streams.operations(),
        "components": {
            "messages": feed.messages() | streams.messages(),
            "schemas": frame_schemas() | streams.header_schemas(),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "description": _WHO}},
        },
    }


def written() -> str:
    """Write the page as it lies in the repository."""
    return _HEAD + yaml.dump(page(), Dumper=_Plain, sort_keys=False, allow_unicode=True, width=110)


def _servers() -> Json:
    security = {"security": [{"$ref": "#/components/securitySchemes/bearer"}]}
    host = {"host": {"description": "Where the product is served.", "default": "127.0.0.1:8000"}}
    brokers = {
        "brokers": {"description": "As in $VOUCH_KAFKA, with its companions.", "default": "127.0.0.1:9092"}
    }
    return {
        "sockets": {"host": "{host}", "protocol": "wss", "variables": host, **security},
        "responses": {"host": "{host}", "protocol": "https", "variables": host, **security},
        "kafka": {"host": "{brokers}", "protocol": "kafka-secure", "variables": brokers},
    }


class _Plain(yaml.SafeDumper):
    """Writes no references within the file, and text of several lines as it reads."""

    def ignore_aliases(self, _data: object) -> bool:
        """Write what is used twice twice."""
        return True


def _text(dumper: _Plain, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Plain.add_representer(str, _text)
