"""The outside effects of this service, one kind for each way out."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from consumers.notifications.messages import Channel
from consumers.notifications.settings import Settings
from protocol.ids import caused_id
from subscriber import Effect

__all__ = ["effect_key", "effects_of"]


def effects_of(settings: Settings) -> Mapping[Channel, Effect]:
    """Give the effect of each channel, with what the operator wants done about a doubt."""
    return {
        channel: Effect(f"notifications.{channel.value}", settings.doubt[channel.value])
        for channel in Channel
    }


def effect_key(attempt_id: str, effect: Effect) -> str:
    """Give the key that `subscriber.effects` keeps a try's effect under, by the id of its AttemptDue."""
    return str(caused_id(UUID(attempt_id), effect.name, 0))
