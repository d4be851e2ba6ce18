"""Is the product alive, and can it take cases: `/healthz` and `/readyz`; nothing more is said in public."""

from __future__ import annotations

import json
import logging
import os
import time
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connections
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from config.environment import environment

__all__ = ["NotTheProbe", "alive", "ready", "say_pipeline_is_warm"]

# The pipeline says each second that its workers are warm; this much later it is taken to be gone.
_FRESH_S = 5.0


class NotTheProbe(logging.Filter):
    """Leaves out that `readyz` said no: whoever asks it several times a second has the answer already."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a line is written."""
        request = getattr(record, "request", None)
        return getattr(request, "path", "") != "/readyz"


@csrf_exempt
@require_safe
def alive(_request: HttpRequest) -> JsonResponse:
    """Answer 200 while the process runs."""
    return JsonResponse({"status": "alive"})


@csrf_exempt
@require_safe
def ready(_request: HttpRequest) -> JsonResponse:
    """Answer 200 when databases, evidence store and key store answer and workers are warm, else 503."""
    good = _databases_answer() and _evidence_can_be_kept() and _pipeline_is_warm()
    if good:
        return JsonResponse({"status": "ready"})
    return JsonResponse({"status": "not_ready"}, status=503, headers={"Retry-After": "1"})


def say_pipeline_is_warm(warm: int) -> None:
    """Note, for `ready`, how many vision workers are warm just now."""
    path = _warm_file()
    new = path.with_suffix(".new")
    new.write_text(json.dumps({"warm": warm, "at_s": time.time()}))
    new.replace(path)


def _warm_file() -> Path:
    return environment().data / "pipeline.json"


def _pipeline_is_warm() -> bool:
    try:
        said = json.loads(_warm_file().read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return False
    return bool(said["warm"] >= environment().workers and time.time() - said["at_s"] < _FRESH_S)


def _databases_answer() -> bool:
    try:
        for alias in ("default", "keys", "feed"):
            with connections[alias].cursor() as cursor:
                cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _evidence_can_be_kept() -> bool:
    folder = Path(settings.EVIDENCE_ROOT)
    try:
        folder.mkdir(exist_ok=True, mode=0o700)
    except OSError:
        return False
    return os.access(folder, os.W_OK)
