"""`manage.py relay` on a test's database: `TEST_DATABASE=NAME python -m tests.relay.victim`."""

from __future__ import annotations

import os

# As `manage.py` has it, which nobody can tell a database.
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings_backstage"

import django
from django.conf import settings
from django.core.management import call_command

if __name__ == "__main__":
    settings.DATABASES["default"]["NAME"] = os.environ["TEST_DATABASE"]
    django.setup()
    call_command("relay")
