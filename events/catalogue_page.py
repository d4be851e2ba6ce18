"""What teams that subscribe look up: every stream of events, and the schemas that they are read with."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from protocol import cloudevents
from protocol.catalogue import STREAMS, Lane, type_name

__all__ = ["page", "schema", "urlpatterns"]

_SCHEMAS: Final = Path(cloudevents.__file__).parent / "schemas"
_POLICY: Final = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
_LANES: Final = {
    Lane.BEST_EFFORT: "sent without waiting; lost, and counted, while Kafka is away",
    Lane.GUARANTEED: "kept by the journal; at least once, in the order of the key",
    Lane.COORDINATED: "as guaranteed, and what belongs together appears together or not at all",
}


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show the catalogue: who says what on which topic, who reads it, and how an event looks there."""
    streams = [
        {
            "row": stream,
            "delivery": _LANES[stream.lane],
            "events": [
                {"name": type_name(message), "file": Path(message.DESCRIPTOR.file.name).name}
                for message in stream.messages
            ],
            "opens": [(who, personal.value) for who, personal in stream.opens],
        }
        for stream in STREAMS
    ]
    headers = sorted(
        {"id", "specversion", "lane", *cloudevents.TEXTS, *cloudevents.NUMBERS, *cloudevents.TIMES}
    )
    told = {"streams": streams, "headers": [f"ce_{name}" for name in headers]}
    response = render(request, "events/catalogue.html", told)
    response["Content-Security-Policy"] = _POLICY
    return response


@require_safe
def schema(_request: HttpRequest, name: str) -> FileResponse:
    """Give a schema as it lies in the repository."""
    file = _SCHEMAS / f"{name}.proto"
    if not file.is_file():
        raise Http404(f"there is no schema {name}.proto; /catalogue/ lists them")
    return FileResponse(file.open("rb"), content_type="text/plain; charset=utf-8")


urlpatterns: list[URLPattern] = [
    path("", page),
    path("schemas/<slug:name>.proto", schema, name="catalogue-schema"),
]
