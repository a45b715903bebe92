#!/usr/bin/env python
"""Run Gedang's commands; the embedded database and broker are started for the command when none is running."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from config.launch import ensure_services

    with ensure_services():
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
