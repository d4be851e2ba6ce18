"""Tests of cases, evidence and the interface that submits them."""
