#!/usr/bin/env python3
"""Delays every third message by a quarter of a second: delay_every.py [N [SECONDS]].

    wsproxy localhost:9999 --hook from:server 'examples/hooks/delay_every.py 3 0.25'

wsproxy waits for the reply for as long as `--hook-timeout` says, and only with what is behind that message in its direction.
"""

import json
import sys
import time

every = int(sys.argv[1]) if len(sys.argv) > 1 else 3
seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 0.25

for number, line in enumerate(sys.stdin, start=1):
    if number % every == 0:
        time.sleep(seconds)
    message = json.loads(line)
    print(json.dumps({"do": "pass", "session": message["session"], "frame": message["frame"]}), flush=True)
