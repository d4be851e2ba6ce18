"""The runtime that code following events lives in: checkpoint, timers, outbox, dead letters. No framework."""
