"""Django's door to the bank: `python -m examples.legacy.manage COMMAND`."""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "examples.legacy.bank.settings"
    execute_from_command_line(sys.argv)
