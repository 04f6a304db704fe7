// Sends all kinds of messages on the library `ws` to the port that is named, and checks each echo.
const assert = require('assert');
const WebSocket = require('ws');

const messages = ['', 'a', 'grün 日本 😀'.repeat(20), Buffer.alloc(0), Buffer.from([...Array(256).keys()]), 'x'.repeat(125)];
messages.push('x'.repeat(126), 'ü'.repeat(40000), Buffer.alloc(65535), Buffer.alloc(65536, 255), 'y'.repeat(1000000));
const perMessageDeflate = process.argv.includes('plain') ? false : { threshold: 0 };
const socket = new WebSocket(`ws://127.0.0.1:${process.argv[2]}/`, { perMessageDeflate });
let turn = 0;
const message = () => (turn < 60 ? messages[turn % messages.length] : `turn ${turn}`);
function send() {
  const payload = message();
  if (turn % 3 === 0 && payload.length > 1) {
    const data = Buffer.from(payload);
    const binary = typeof payload !== 'string';
    socket.send(data.subarray(0, 1), { binary, fin: false });
    socket.send(data.subarray(1), { binary, fin: true });
  } else {
    socket.send(payload);
  }
  if (turn % 10 === 0) socket.ping('beat');
}
socket.on('open', send);
socket.on('message', (data, binary) => {
  const expected = message();
  assert.strictEqual(binary, typeof expected !== 'string');
  assert.ok(data.equals(Buffer.from(expected)), `turn ${turn}`);
  turn += 1;
  if (turn < 200) send();
  else socket.close(1000, 'bye');
});
socket.on('close', (code) => {
  assert.strictEqual(code, 1000);
  assert.strictEqual(turn, 200);
  console.log('done');
});
