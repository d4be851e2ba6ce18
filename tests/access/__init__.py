"""Tests of who may."""
