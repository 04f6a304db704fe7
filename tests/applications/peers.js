// Records the sessions in this folder: a server and a client of each, with wsproxy between them.
//
//   NODE_PATH=... WSPROXY=target/debug/wsproxy node peers.js [NAME]...
//
// What is on NODE_PATH and where else programs come from is in README.md.
'use strict';
const { spawn } = require('child_process');
const { createServer } = require('http');
const fs = require('fs');
const path = require('path');
const WebSocket = require('ws');

const sleep = ms => new Promise(done => setTimeout(done, ms));
const UPSTREAM = 7790, LISTEN = 7791;
const proxied = target => `ws://localhost:${LISTEN}${target}`;

/** A client without a library: its messages, or times to wait. `true` stands for one that answers pings. */
async function raw(target, protocols, messages, options = {}) {
  const ws = new WebSocket(proxied(target), protocols, { origin: 'http://localhost:3000', ...options });
  ws.on('error', () => {});
  await new Promise(done => { ws.on('open', done); ws.on('close', done); });
  for (const message of messages) {
    if (typeof message === 'number') await sleep(message);
    else if (ws.readyState === WebSocket.OPEN) ws.send(message);
  }
  return ws;
}

function listening(server) {
  return new Promise(done => server.listen(UPSTREAM, done));
}

/** A server on ws 8 whose connections are given to `handle`. */
async function wsServer(handle, options = {}) {
  const server = createServer();
  const sockets = new WebSocket.Server({ server, ...options });
  sockets.on('connection', handle);
  await listening(server);
  return () => { sockets.clients.forEach(ws => ws.terminate()); server.close(); };
}

async function socketIo(module, options, set) {
  const server = createServer();
  const io = module === 2 ? require('sio2')(server, options) : new (require('socket.io').Server)(server, options);
  set?.(io);
  io.on('connection', socket => {
    socket.on('say', (text, reply) => { socket.emit('said', text); reply?.('ok'); });
    socket.on('kick', () => socket.disconnect());
  });
  await listening(server);
  return () => { io.close(); server.close(); };
}

async function socketIoClient(module, target, options, act) {
  const client = require(module === 2 ? 'sioc2' : 'socket.io-client');
  const socket = (client.io ?? client)(`http://localhost:${LISTEN}${target}`, { reconnection: false, ...options });
  socket.on('connect_error', () => {});
  await Promise.race([new Promise(done => { socket.on('connect', done); socket.on('connect_error', done); }), sleep(2500)]);
  await act?.(socket);
  await sleep(400);
  socket.close();
}

async function aedes(set) {
  const broker = await require('aedes').Aedes.createBroker();
  broker.authenticate = (client, user, password, done) =>
    user === 'bad' ? done(Object.assign(new Error('no'), { returnCode: 4 }), false) : done(null, true);
  broker.authorizeSubscribe = (client, subscription, done) => done(null, subscription.topic === 'no' ? null : subscription);
  const stop = await wsServer((ws, request) => broker.handle(WebSocket.createWebSocketStream(ws), request));
  return () => { broker.close(); stop(); };
}

async function mosquitto(anonymous) {
  const config = '/tmp/wsproxy-mosquitto.conf';
  // With WebSockets alone it does not start.
  fs.writeFileSync(config, `user root\nlistener ${UPSTREAM + 5} 127.0.0.1\nlistener ${UPSTREAM} 127.0.0.1\nprotocol websockets\nallow_anonymous ${anonymous}\n`);
  const broker = spawn(process.env.MOSQUITTO, ['-c', config], { stdio: 'ignore' });
  await sleep(700);
  return () => broker.kill();
}

async function mqttClient(options, topic, wait = 600) {
  const client = require('mqtt').connect(proxied('/mqtt'), { reconnectPeriod: 0, clientId: 'web', ...options });
  client.on('error', () => {});
  client.on('connect', () => client.subscribe(topic ?? 't', () => client.publish('t', 'hello')));
  await sleep(wait);
  client.end();
}

/** A CONNECT of MQTT 3.1.1 with a keep-alive of 2 s. */
const connect = Buffer.concat([Buffer.from([0x10, 15]), Buffer.from('\0\x04MQTT\x04\x02\0\x02\0\x03web', 'latin1')]);

async function graphqlWs(options = {}) {
  const { GraphQLSchema, GraphQLObjectType, GraphQLString } = require('graphql');
  const greetings = { type: GraphQLString, subscribe: async function* () { yield { hi: 'a' }; yield { hi: 'b' }; } };
  const schema = new GraphQLSchema({
    query: new GraphQLObjectType({ name: 'Query', fields: { hello: { type: GraphQLString, resolve: () => 'world' } } }),
    subscription: new GraphQLObjectType({ name: 'Subscription', fields: { hi: greetings } }),
  });
  const server = createServer();
  const sockets = new WebSocket.Server({ server, path: '/graphql' });
  require('graphql-ws/use/ws').useServer({ schema, ...options }, sockets);
  await listening(server);
  return () => { sockets.clients.forEach(ws => ws.terminate()); server.close(); };
}

async function subscriptionsTransport(onConnect) {
  const { buildSchema, execute, subscribe } = require('graphql');
  const { SubscriptionServer } = require('subscriptions-transport-ws');
  const server = createServer();
  const schema = buildSchema('type Query { hello: String }');
  SubscriptionServer.create({ schema, execute, subscribe, rootValue: { hello: () => 'world' }, onConnect }, { server, path: '/graphql' });
  await listening(server);
  return () => server.close();
}

async function graphqlClient(query, options = {}) {
  const { createClient } = require('graphql-ws');
  const client = createClient({ url: proxied('/graphql'), webSocketImpl: WebSocket, retryAttempts: 0, ...options });
  await new Promise(done => client.subscribe({ query }, { next: () => {}, error: done, complete: done }));
  await sleep(200);
  client.dispose();
}

async function oldGraphqlClient(query) {
  const { SubscriptionClient } = require('subscriptions-transport-ws');
  const client = new SubscriptionClient(proxied('/graphql'), { reconnect: false }, WebSocket);
  client.request({ query }).subscribe({ next: () => {}, error: () => {}, complete: () => {} });
  await sleep(800);
  client.close();
}

async function stompServer() {
  const StompServer = require('stomp-broker-js');
  const server = createServer();
  new StompServer({ server, path: '/stomp' });
  await listening(server);
  return () => server.close();
}

async function stompClient(act, wait = 1200) {
  const { Client } = require('@stomp/stompjs');
  const client = new Client({ webSocketFactory: () => new WebSocket(proxied('/stomp'), ['v12.stomp']), reconnectDelay: 0 });
  client.onConnect = () => act(client);
  client.activate();
  await sleep(wait);
  client.deactivate();
  await sleep(300);
}

/** A hub as ASP.NET Core's is on the wire (HubConnectionContext.cs): its answers to what comes, by their first letters. */
function hub(handshake, more = {}) {
  return wsServer(ws => {
    let buffer = '', first = true;
    ws.on('message', data => {
      buffer += data;
      const records = buffer.split('\x1e');
      buffer = records.pop();
      for (const record of records) {
        if (first) { first = false; ws.send(handshake + '\x1e'); continue; }
        const { invocationId, target } = JSON.parse(record);
        if (more[target]) ws.send(more[target] + '\x1e');
        else if (invocationId) ws.send(JSON.stringify({ type: 3, invocationId, result: 1 }) + '\x1e');
      }
    });
  });
}

async function hubClient(target) {
  const { HubConnectionBuilder, HttpTransportType } = require('@microsoft/signalr');
  const connection = new HubConnectionBuilder()
    .withUrl(proxied('/hub').replace('ws:', 'http:'), { skipNegotiation: true, transport: HttpTransportType.WebSockets, WebSocket })
    .configureLogging(6).build();
  await connection.start().catch(() => {});
  await connection.invoke(target).catch(() => {});
  await sleep(200);
  await connection.stop();
}

/** A socket of Phoenix as its source answers (socket.ex, channel/server.ex). */
function phoenix(timeout = 60000) {
  return wsServer(ws => {
    let timer;
    const reply = (join, ref, topic, status, response) => ws.send(JSON.stringify([join, ref, topic, 'phx_reply', { status, response }]));
    const alive = () => { clearTimeout(timer); timer = setTimeout(() => ws.close(1000), timeout); };
    alive();
    ws.on('message', data => {
      alive();
      const [join, ref, topic, event] = JSON.parse(data);
      if (event === 'phx_join' && topic === 'room:secret') reply(join, ref, topic, 'error', { reason: 'unauthorized' });
      else if (event === 'phx_join' && topic !== 'room:lobby') reply(null, ref, topic, 'error', { reason: 'unmatched topic' });
      else if (event === 'crash') ws.send(JSON.stringify([join, join, topic, 'phx_error', { reason: 'channel_crash' }]));
      else reply(join, ref, topic, 'ok', {});
    });
  });
}

async function phoenixClient(topic, act, options = {}) {
  const { Socket } = require('phoenix');
  const socket = new Socket(proxied('/socket'), { transport: WebSocket, ...options });
  socket.connect();
  const channel = socket.channel(topic, {});
  channel.join();
  await sleep(500);
  await act?.(channel);
  await sleep(300);
  socket.disconnect();
  await sleep(200);
}

/** A server of ActionCable as its source answers (connection/base.rb, connection/subscriptions.rb). */
function cable(isWelcome = true) {
  return wsServer(ws => {
    const say = message => ws.send(JSON.stringify(message));
    if (!isWelcome) { say({ type: 'disconnect', reason: 'unauthorized', reconnect: false }); ws.close(); return; }
    say({ type: 'welcome' });
    const timer = setInterval(() => say({ type: 'ping', message: Math.floor(Date.now() / 1000) }), 3000);
    ws.on('close', () => clearInterval(timer));
    ws.on('message', data => {
      const { command, identifier } = JSON.parse(data);
      if (command !== 'subscribe') return;
      say({ identifier, type: JSON.parse(identifier).room === 7 ? 'reject_subscription' : 'confirm_subscription' });
    });
  }, { handleProtocols: () => 'actioncable-v1-json' });
}

async function cableClient(room, wait = 600) {
  global.WebSocket = WebSocket; global.addEventListener = global.removeEventListener = () => {};
  global.document = { visibilityState: 'visible', addEventListener() {}, createElement: () => ({}) };
  const { createConsumer, adapters } = require('@rails/actioncable');
  adapters.WebSocket = WebSocket;
  const consumer = createConsumer(proxied('/cable'));
  consumer.subscriptions.create({ channel: 'ChatChannel', room }, {});
  await sleep(wait);
  consumer.disconnect();
}

async function router() {
  const script = `import asyncio\nfrom xconn.router import Router\nfrom xconn.server import Server\n` +
    `async def main():\n    r = Router(); r.add_realm('realm1'); await Server(r).start('127.0.0.1', ${UPSTREAM}); await asyncio.sleep(60)\n` +
    `asyncio.run(main())`;
  const process_ = spawn(process.env.PYTHON, ['-c', script], { stdio: 'ignore' });
  await sleep(2500);
  return () => process_.kill();
}

async function autobahn(realm) {
  const { Connection } = require('autobahn');
  const connection = new Connection({ url: proxied('/ws'), realm, max_retries: 0, retry_if_unreachable: false });
  connection.onopen = session => { session.subscribe('com.example.hi', () => {}); session.publish('com.example.hi', ['x'], {}, { acknowledge: true }); };
  connection.open();
  await sleep(1500);
  connection.close();
  await sleep(300);
}

const sessions = {
  // Socket.IO
  'socketio-right': [() => socketIo(4, { pingInterval: 500, pingTimeout: 2000 }), () => socketIoClient(4, '/', { transports: ['websocket'] },
    async socket => { socket.emit('say', 'hi', () => {}); await sleep(1500); })],
  'socketio-right-upgraded': [() => socketIo(4, { pingInterval: 500 }), () => socketIoClient(4, '/', {}, async socket => { socket.emit('say', 'hi'); await sleep(1200); })],
  'socketio-right-2': [() => socketIo(2, {}), () => socketIoClient(2, '/', { transports: ['websocket'] }, socket => socket.emit('say', 'hi'))],
  'socketio-right-allow-eio3': [() => socketIo(4, { allowEIO3: true }), () => socketIoClient(2, '/', { transports: ['websocket'] }, socket => socket.emit('say', 'hi'))],
  'socketio-right-binary': [() => socketIo(4, {}), () => socketIoClient(4, '/', { transports: ['websocket'] }, socket => socket.emit('say', Buffer.from('hi')))],
  'socketio-right-msgpack': [() => socketIo(4, { parser: require('socket.io-msgpack-parser') }), () => socketIoClient(4, '/',
    { transports: ['websocket'], parser: require('socket.io-msgpack-parser') }, async socket => { socket.emit('say', 'hi'); await sleep(3500); })],
  'socketio-refused-deflated': [() => socketIo(4, { perMessageDeflate: { threshold: 0 } }, io => io.use((socket, next) => next(new Error('invalid token')))),
    async () => { await raw('/socket.io/?EIO=4&transport=websocket', [], ['40', 300], { perMessageDeflate: { threshold: 0 } }); }],
  'socketio-refused': [() => socketIo(4, {}, io => io.use((socket, next) => next(new Error('invalid token')))), () => socketIoClient(4, '/', { transports: ['websocket'] })],
  'socketio-invalid-namespace': [() => socketIo(4, {}), () => socketIoClient(4, '/admin', { transports: ['websocket'] })],
  'socketio-4-on-2': [() => socketIo(2, {}), () => socketIoClient(4, '/', { transports: ['websocket'] })],
  'socketio-plain-client': [() => socketIo(4, {}), async () => { await raw('/socket.io/?EIO=4&transport=websocket', [], ['hello', 300]); }],
  'socketio-plain-server': [() => wsServer(ws => ws.send('welcome')), () => socketIoClient(4, '/', { transports: ['websocket'] })],
  'socketio-no-connect': [() => socketIo(4, { connectTimeout: 5000 }), async () => { await raw('/socket.io/?EIO=4&transport=websocket', [], [5500]); }],
  'socketio-no-pong': [() => socketIo(4, { pingInterval: 1000, pingTimeout: 4500 }), async () => { await raw('/socket.io/?EIO=4&transport=websocket', [], ['40', 6500]); }],
  'socketio-disconnected': [() => socketIo(4, {}), () => socketIoClient(4, '/', { transports: ['websocket'] }, socket => socket.emit('kick'))],
  // MQTT
  'mqtt-right': [() => aedes(), () => mqttClient({ keepalive: 1 }, 't', 2500)],
  'mqtt-right-mosquitto': [() => mosquitto(true), () => mqttClient({ protocolVersion: 5 })],
  'mqtt-not-authorized': [() => mosquitto(false), () => mqttClient({})],
  'mqtt-not-authorized-5': [() => mosquitto(false), () => mqttClient({ protocolVersion: 5 })],
  'mqtt-no-subprotocol': [() => mosquitto(true), async () => { await raw('/mqtt', [], [connect, 4200]); }],
  'mqtt-wrong-password': [() => aedes(), () => mqttClient({ username: 'bad', password: 'x' })],
  'mqtt-5-on-3': [() => aedes(), () => mqttClient({ protocolVersion: 5 })],
  'mqtt-text': [() => aedes(), async () => { await raw('/mqtt', ['mqtt'], ['hello', 300]); }],
  'mqtt-topic-refused': [() => aedes(), () => mqttClient({}, 'no')],
  'mqtt-keep-alive': [() => aedes(), async () => { await raw('/mqtt', ['mqtt'], [connect, 4000]); }],
  // GraphQL
  'graphql-right': [() => graphqlWs(), () => graphqlClient('subscription { hi }')],
  'graphql-right-old': [() => subscriptionsTransport(), () => oldGraphqlClient('{ hello }')],
  'graphql-old-client': [() => graphqlWs(), async () => { await raw('/graphql', ['graphql-transport-ws'], ['{"type":"connection_init"}', 100, '{"id":"1","type":"start","payload":{"query":"{ hello }"}}', 300]); }],
  'graphql-new-on-old': [() => subscriptionsTransport(), async () => { await raw('/graphql', ['graphql-ws'], ['{"type":"connection_init"}', 100, '{"id":"1","type":"subscribe","payload":{"query":"{ hello }"}}', 300]); }],
  'graphql-forbidden': [() => graphqlWs({ onConnect: () => false }), () => graphqlClient('{ hello }')],
  'graphql-refused-old': [() => subscriptionsTransport(() => { throw new Error('Missing auth token!'); }), () => oldGraphqlClient('{ hello }')],
  'graphql-bad-field': [() => graphqlWs(), () => graphqlClient('{ helo }')],
  'graphql-no-ack': [() => graphqlWs({ onConnect: () => new Promise(() => {}) }), async () => { await raw('/graphql', ['graphql-transport-ws'], ['{"type":"connection_init"}', 4500]); }],
  // STOMP
  'stomp-right': [stompServer, () => stompClient(client => { client.subscribe('/t', () => {}); client.publish({ destination: '/t', body: 'hi' }); })],
  'stomp-no-nul': [stompServer, async () => { await raw('/stomp', ['v12.stomp'], ['CONNECT\naccept-version:1.2\nhost:localhost\n\n', 4200]); }],
  'stomp-error': [() => wsServer(ws => ws.on('message', () => { ws.send('ERROR\nmessage:Bad CONNECT\ncontent-type:text/plain\n\nAccess refused for user \'guest\'\0'); ws.close(1002); })),
    async () => { await raw('/ws', ['v12.stomp'], ['CONNECT\nlogin:guest\npasscode:x\naccept-version:1.2\nhost:/\n\n\0', 300]); }],
  'stomp-no-connected': [() => wsServer(() => {}), () => stompClient(() => {}, 4500)],
  // SignalR
  'signalr-right': [() => hub('{}'), () => hubClient('Say')],
  'signalr-refused': [() => hub('{"error":"The protocol \'json\' is not supported."}'), () => hubClient('Say')],
  'signalr-closed': [() => hub('{}', { Say: '{"type":7,"error":"Connection closed with an error."}' }), () => hubClient('Say')],
  'signalr-no-separator': [() => hub('{}'), async () => { await raw('/hub', [], ['{"protocol":"json","version":1}', 300]); }],
  // Phoenix
  'phoenix-right': [() => phoenix(), () => phoenixClient('room:lobby', channel => channel.push('say', {}), { heartbeatIntervalMs: 200 })],
  'phoenix-refused': [() => phoenix(), () => phoenixClient('room:secret')],
  'phoenix-unmatched': [() => phoenix(), () => phoenixClient('other:1')],
  'phoenix-crash': [() => phoenix(), () => phoenixClient('room:lobby', channel => channel.push('crash', {}))],
  'phoenix-no-heartbeat': [() => phoenix(), async () => { await raw('/socket/websocket?vsn=2.0.0', [], ['["1","1","room:lobby","phx_join",{}]', 61000]); }],
  // ActionCable
  'actioncable-right': [() => cable(), () => cableClient(1, 3600)],
  'actioncable-rejected': [() => cable(), () => cableClient(7)],
  'actioncable-unauthorized': [() => cable(false), () => cableClient(1)],
  // WAMP
  'wamp-right': [router, () => autobahn('realm1')],
  // Yjs
  'yjs-right': [async () => {
    const { setupWSConnection } = require('y-websocket/bin/utils');
    return wsServer((ws, request) => setupWSConnection(ws, request));
  }, async () => {
    const Y = require('yjs'); const { WebsocketProvider } = require('y-websocket');
    const provider = new WebsocketProvider(`ws://localhost:${LISTEN}`, 'room', new Y.Doc(), { WebSocketPolyfill: WebSocket, disableBc: true });
    await sleep(800);
    provider.doc.getText('t').insert(0, 'hello');
    await sleep(1500);
    provider.destroy();
  }],
  // No protocol
  'plain-right': [() => wsServer(ws => { const beat = setInterval(() => ws.ping(), 300); ws.on('close', () => clearInterval(beat)); ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary })); }),
    async () => { const ws = await raw('/', [], ['a', 50, 'b', 50, '{"a":1}', 50, '{"a":2}', 1000]); ws.close(); await sleep(100); }],
  'plain-buffer-echo': [() => wsServer(ws => ws.on('message', data => ws.send(data))), async () => { const ws = await raw('/', [], ['hello', 200]); ws.close(); await sleep(100); }],
  'plain-json-as-bytes': [() => wsServer(ws => ws.on('message', data => ws.send(Buffer.from('{"said":true}')))), async () => { const ws = await raw('/', [], ['{"say":"hi"}', 200]); ws.close(); await sleep(100); }],
  'plain-late-listener': [() => wsServer(async ws => { await sleep(800); ws.on('message', data => ws.send('{"ok":true}')); }),
    async () => { const ws = await raw('/', [], ['{"get":"a"}', 1500, '{"get":"b"}', 100, '{"get":"c"}', 100, '{"get":"d"}', 100]); ws.close(); await sleep(100); }],
  'plain-heartbeat-broken': [() => wsServer(ws => {
    // The README's heartbeat without its listener for pongs, with 3 s in place of 30.
    ws.isAlive = true;
    const beat = setInterval(() => { if (!ws.isAlive) return ws.terminate(); ws.isAlive = false; ws.ping(); }, 3000);
    ws.on('close', () => clearInterval(beat));
  }), async () => { await raw('/', [], ['hello', 7000]); }],
  'plain-too-big': [() => wsServer(() => {}, { maxPayload: 1000 }), async () => { await raw('/', [], ['x'.repeat(200), 100, 'x'.repeat(3000), 300]); }],
};

async function record(name) {
  const [serve, act] = sessions[name];
  const stop = await serve();
  const output = fs.openSync(path.join(__dirname, `${name}.jsonl`), 'w');
  const proxy = spawn(process.env.WSPROXY, ['--json', '--listen', String(LISTEN), '--upstream', `localhost:${UPSTREAM}`], { stdio: ['ignore', output, 'inherit'] });
  await sleep(700);
  await act();
  await sleep(300);
  const ended = new Promise(done => proxy.on('exit', done));
  proxy.kill('SIGTERM');
  await ended;
  stop();
  const file = path.join(__dirname, `${name}.jsonl`);
  const lines = fs.readFileSync(file, 'utf8').split('\n').filter(Boolean).map(JSON.parse);
  for (const line of lines) if (line.event === 'finding' || line.event === 'stall') console.log(name, line.event, line.id ?? line.what, line.over ?? '', '|', line.detail ?? '', '|', line.cause ?? '', '|', line.fix ?? '');
  const kept = lines.filter(line => ['head', 'frame', 'ended'].includes(line.event));
  const fields = ['session', 'time', 'event', 'from', 'bytes', 'opcode', 'fin', 'rsv', 'mask_key', 'payload', 'text', 'how'];
  fs.writeFileSync(file, kept.map(line => JSON.stringify(Object.fromEntries(fields.filter(key => key in line).map(key => [key, line[key]]))) + '\n').join(''));
}

process.on('uncaughtException', error => console.log('uncaught', error.message));
process.on('unhandledRejection', error => console.log('unhandled', error?.message));
(async () => {
  const names = process.argv.slice(2);
  for (const name of names.length ? names : Object.keys(sessions)) {
    // Each in a process of its own: some libraries stay as they were first used.
    if (names.length === 1) await record(name);
    else await new Promise(done => spawn(process.execPath, [__filename, name], { stdio: 'inherit' }).on('exit', done));
  }
  process.exit();
})();
