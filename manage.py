"""Django's door: `python manage.py COMMAND`."""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line

# Started once and kept running: what they do not load, no process carries about.
_BACKSTAGE = {"feed", "pipeline", "relay", "sequencer"}

if __name__ == "__main__":
    backstage = len(sys.argv) > 1 and sys.argv[1] in _BACKSTAGE
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings" + ("_backstage" if backstage else ""))
    execute_from_command_line(sys.argv)
