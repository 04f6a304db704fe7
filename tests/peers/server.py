"""An echo server on the library `websockets`. Prints its port. With `plain`, without compression."""

import asyncio
import sys

import websockets


async def echo(connection, *_):
    number = 0
    async for message in connection:
        number += 1
        if number % 7 == 0:
            await (await connection.ping())
        if number % 5 == 0 and len(message) > 2:
            await connection.send([message[:1], message[1:-1], message[-1:]])
        else:
            await connection.send(message)


async def main():
    compression = None if "plain" in sys.argv else "deflate"
    async with websockets.serve(echo, "127.0.0.1", 0, compression=compression, max_size=None) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()


asyncio.run(main())
