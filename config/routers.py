"""Which database a model's rows lie in: the one its class names in `database`, else the main one."""

from __future__ import annotations

from django.apps import apps
from django.db.models import Model

__all__ = ["OwnDatabase"]


class OwnDatabase:
    """Sends each model to its own file: keys apart from the journal, the feed apart from both."""

    def db_for_read(self, model: type[Model], **_hints: object) -> str:
        """Name the database a model is read from."""
        return getattr(model, "database", "default")

    def db_for_write(self, model: type[Model], **_hints: object) -> str:
        """Name the database a model is written to."""
        return getattr(model, "database", "default")

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **_hints: object) -> bool:
        """Tell whether a table belongs into a database."""
        if model_name is None:
            return db == "default"
        return bool(db == getattr(apps.get_model(app_label, model_name), "database", "default"))
