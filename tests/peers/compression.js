// Compressed messages of every window size, with and without context takeover: a server, or a client of the port that is given.
'use strict';
const http = require('http');
const { WebSocket, WebSocketServer } = require('ws');

// The last is longer than each window.
const LONG = Array.from({ length: 9000 }, (_, i) => (i * i) % 10007).join(' ');
const TEXTS = ['the first message', '✓ the first message, once more', LONG];
const WAYS = [];
for (let bits = 9; bits <= 15; bits++) {
  for (const takeover of ['both', 'client', 'server', 'none']) WAYS.push({ bits, takeover });
}

function deflate({ bits, takeover }) {
  return {
    threshold: 0,
    serverMaxWindowBits: bits,
    clientMaxWindowBits: bits,
    serverNoContextTakeover: takeover === 'client' || takeover === 'none',
    clientNoContextTakeover: takeover === 'server' || takeover === 'none',
  };
}

function serve() {
  const servers = new Map(WAYS.map((way) => [
    `/${way.bits}/${way.takeover}`,
    new WebSocketServer({ noServer: true, perMessageDeflate: deflate(way) }),
  ]));
  const server = http.createServer();
  server.on('upgrade', (request, socket, head) => {
    servers.get(request.url).handleUpgrade(request, socket, head, (client) => {
      client.on('message', (text) => client.send(`echo: ${text}`));
    });
  });
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
}

async function talk(port) {
  for (const way of WAYS) {
    await new Promise((resolve) => {
      const url = `ws://127.0.0.1:${port}/${way.bits}/${way.takeover}`;
      const client = new WebSocket(url, { origin: 'http://localhost:3000', perMessageDeflate: deflate(way) });
      let heard = 0;
      client.on('open', () => TEXTS.forEach((text) => client.send(text)));
      client.on('message', () => { if (++heard === TEXTS.length) client.close(1000); });
      client.on('close', resolve);
    });
  }
  console.log('done');
}

if (process.argv[2]) talk(process.argv[2]); else serve();
