"""A grown Django application, and how its welcome letters moved out of it (docs/strangler.md).

`bank` is the application, `language` what it says in events, `welcome` the service that writes the letters in
the end, `post` the print house that both of them ask.
"""
