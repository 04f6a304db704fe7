// An echo server on the library `ws`. Prints its port. With `plain`, without compression.
const { WebSocketServer } = require('ws');

const perMessageDeflate = process.argv.includes('plain') ? false : { threshold: 0 };
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate }, () => {
  console.log(server.address().port);
});
server.on('connection', (socket) => {
  let number = 0;
  socket.on('message', (data, binary) => {
    number += 1;
    if (number % 7 === 0) socket.ping('beat');
    if (number % 5 === 0 && data.length > 2) {
      socket.send(data.subarray(0, 1), { binary, fin: false });
      socket.send(data.subarray(1, -1), { binary, fin: false });
      socket.send(data.subarray(-1), { binary, fin: true });
    } else {
      socket.send(data, { binary });
    }
  });
});
