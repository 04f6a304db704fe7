"""Sends all kinds of messages on the library `websockets` to the port that is named, and checks each echo."""

import asyncio
import sys

import websockets

MESSAGES = ["", "a", "grün 日本 \U0001f600" * 20, b"", bytes(range(256)), "x" * 125, "x" * 126, "ü" * 40_000, b"\0" * 65_535]
MESSAGES += [b"\xff" * 65_536, "y" * 1_000_000]


async def main():
    compression = None if "plain" in sys.argv else "deflate"
    async with websockets.connect(f"ws://127.0.0.1:{sys.argv[1]}/", compression=compression, max_size=None) as socket:
        for turn in range(200):
            message = MESSAGES[turn % len(MESSAGES)] if turn < 60 else f"turn {turn}"
            if turn % 3 == 0 and len(message) > 1:
                await socket.send([message[:1], message[1:]])
            else:
                await socket.send(message)
            if turn % 10 == 0:
                await (await socket.ping(b"beat"))
            assert await socket.recv() == message, turn
        await socket.close(1000, "bye")


asyncio.run(main())
print("done", flush=True)
