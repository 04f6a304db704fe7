#!/usr/bin/env python3
"""Holds the first message of a client's that has a text in it, and puts another text in its place.

    wsproxy localhost:9999 --headless --control /tmp/wsproxy.sock
    examples/control/edit_in_flight.py /tmp/wsproxy.sock "price" "discount"

It prints `holding` once wsproxy holds such messages, and then what came and what went out.
"""

import json
import socket
import sys


class Control:
    """One connection to the control socket. Events that come before a reply are kept."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.lines = self.socket.makefile("r", encoding="utf-8")
        self.events = []
        self.last = 0

    def ask(self, do, **fields):
        """Sends a command and gives its reply."""
        self.last += 1
        line = json.dumps({"id": self.last, "do": do, **fields})
        self.socket.sendall(line.encode() + b"\n")
        while True:
            answer = self.read()
            if answer.get("id") == self.last and "event" not in answer:
                if not answer["ok"]:
                    sys.exit(answer["error"])
                return answer
            self.events.append(answer)

    def event(self, name):
        """Gives the next event of a kind."""
        while True:
            event = self.events.pop(0) if self.events else self.read()
            if event.get("event") == name:
                return event

    def read(self):
        line = self.lines.readline()
        if not line:
            sys.exit("wsproxy has ended")
        return json.loads(line)


def main():
    path, old, new = sys.argv[1:4]
    control = Control(path)
    control.ask("subscribe", query="from:client")
    hold = control.ask("hold", query=f"from:client op:text {json.dumps(old)}")["hold"]
    print("holding", flush=True)

    held = control.event("held")
    message = next(m for m in control.ask("held")["held"] if m["held"] == held["held"])
    text = message.get("inflated", message.get("text"))
    print("came", text)

    control.ask("edit", held=held["held"], text=text.replace(old, new))
    released = control.event("released")
    print("went", released["sent"]["text"])
    control.ask("unhold", hold=hold)


if __name__ == "__main__":
    main()
