"""Which database a model's rows lie in: the one its class names in `database`, else the main one.

While a table is made anew, its rows are sent to a scratch database (`events.scratch`).
"""

from __future__ import annotations

from typing import Final

from django.apps import apps
from django.db.models import Model

from events.scratch import routed

__all__ = ["OwnDatabase"]


# Tables that a later migration takes away, as migrations name them, and the database they lay in.
_GONE: Final = {"events.destroyedkey": "keys"}


class OwnDatabase:
    """Sends each model to its own file: keys apart from the journal, the feed apart from both."""

    def db_for_read(self, model: type[Model], **_hints: object) -> str:
        """Name the database a model is read from."""
        return routed(model) or _home(model)

    def db_for_write(self, model: type[Model], **_hints: object) -> str:
        """Name the database a model is written to."""
        return routed(model) or _home(model)

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **_hints: object) -> bool:
        """Tell whether a table belongs into a database."""
        if model_name is None:
            return db == "default"
        gone = _GONE.get(f"{app_label}.{model_name}")
        return db == (gone or _home(apps.get_model(app_label, model_name)))


def _home(model: type[Model]) -> str:
    return str(getattr(model, "database", "default"))
