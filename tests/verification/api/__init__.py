"""Tests of the submitting half over HTTP."""
