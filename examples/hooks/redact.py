#!/usr/bin/env python3
"""Takes tokens out of JSON messages.

    wsproxy localhost:9999 --hook 'op:text json:.token' examples/hooks/redact.py

A hook gets each message that its query asks for as a line on standard input: a `frame` event as in `--json`. It prints one
line for each, in their order or with their `session` and `frame`.
"""

import json
import sys

SECRET = {"token", "password", "authorization", "cookie"}


def redacted(value):
    if isinstance(value, dict):
        return {key: "..." if key.lower() in SECRET else redacted(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [redacted(inner) for inner in value]
    return value


for line in sys.stdin:
    message = json.loads(line)
    text = message.get("inflated", message.get("text"))
    try:
        before = json.loads(text)
    except (TypeError, ValueError):
        reply = {"do": "pass"}
    else:
        after = redacted(before)
        reply = {"do": "pass"} if after == before else {"do": "replace", "text": json.dumps(after)}
    print(json.dumps(reply), flush=True)
