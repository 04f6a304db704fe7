// Makes the files beside it: conversations of real clients and servers. Those written by hand say so.
//
//   npm install ws@8.23 socket.io@4.8.4 socket.io-client@4.8.4 socket.io2@npm:socket.io@2 \
//     socket.io-client2@npm:socket.io-client@2 graphql@16 graphql-ws@6 subscriptions-transport-ws@0.11 \
//     vscode-jsonrpc@10 @stomp/stompjs@7.5 phoenix@1.8 @rails/actioncable@8.1 autobahn@22 vite@8.3 @msgpack/msgpack@3.1 @microsoft/signalr@10 \
//     mqtt@5.16 aedes@1.2 cbor-x@1.6 cbor@10 msgpack5@6 \
//     @microsoft/signalr-protocol-msgpack@10 jsonwebtoken@9 \
//     sockjs@0.3 sockjs-client@1.6 simpleddp@2.2 protobufjs@8 yjs@13 y-protocols@1 y-websocket@3
//
// `content` wants the program zstd, and a Python with Pillow, which PYTHON may name.
//
// Where a package has a client alone, the server's part is written below, as its protocol's document gives it.
//   node make.mjs DIRECTORY-OF-NODE-MODULES [NAME...]
//
// The first line of a file tells the session, each further line one message of it.
import { createRequire } from 'node:module'
import { createServer, request } from 'node:http'
import { once } from 'node:events'
import { writeFileSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const modules = resolve(process.argv[2])
const only = process.argv.slice(3)
const require = createRequire(join(modules, 'index.js'))
const { WebSocket, WebSocketServer } = require('ws')
const here = dirname(fileURLToPath(import.meta.url))
const version = name => `${name.replace(/^(socket\.io(-client)?)2$/, '$1')} ${JSON.parse(readFileSync(join(modules, name, 'package.json'))).version}`

globalThis.WebSocket = WebSocket

// A relay that writes down what passes. The answer to the client waits for the upstream's subprotocol.
async function relay(target, seen) {
  const http = await listening((ask, answer) => {
    const { method, url, headers } = ask
    ask.pipe(request({ host: '127.0.0.1', port: target, method, path: url, headers }, got => {
      answer.writeHead(got.statusCode, got.headers)
      got.pipe(answer)
    }))
  })
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false, handleProtocols: () => seen.subprotocol ?? false })
  http.on('upgrade', (request, socket, head) => {
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map(name => name.trim()).filter(Boolean)
    seen.path = request.url
    const up = new WebSocket(`ws://127.0.0.1:${target}${request.url}`, offered, { perMessageDeflate: false })
    const early = []
    up.on('message', (data, binary) => early.push([data, binary]))
    up.on('error', error => console.error(String(error)))
    up.on('open', () => {
      seen.subprotocol = up.protocol || null
      server.handleUpgrade(request, socket, head, down => {
        const pass = (to, from) => (data, binary) => {
          seen.messages.push({ from, ...(binary ? { base64: data.toString('base64') } : { text: data.toString() }) })
          to.send(data, { binary })
        }
        up.removeAllListeners('message')
        early.forEach(([data, binary]) => pass(down, 'server')(data, binary))
        up.on('message', pass(down, 'server'))
        down.on('message', pass(up, 'client'))
        down.on('close', () => up.close())
        up.on('close', () => down.close())
      })
    })
  })
  return { port: http.address().port, close: () => http.close() }
}

async function listening(handler) {
  const server = createServer(handler)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

const wait = millis => new Promise(done => setTimeout(done, millis))

function write(name, decoder, made, seen) {
  const head = { with: made, decoder, path: seen.path, subprotocol: seen.subprotocol ?? null }
  const lines = [head, ...seen.messages].map(line => JSON.stringify(line))
  writeFileSync(join(here, `${name}.jsonl`), lines.join('\n') + '\n')
  console.log(name, seen.messages.length)
}

// A conversation through the relay.
async function conversation(name, decoder, packages, port, talk) {
  const seen = { messages: [] }
  const between = await relay(port, seen)
  await talk(between.port)
  await wait(100)
  between.close()
  write(name, decoder, packages.map(version).join(', '), seen)
}

// Messages that no library made; they follow the protocol's document: [from, text].
function written(name, decoder, session, messages) {
  write(name, decoder, 'written by hand', { ...session, messages: messages.map(([from, text]) => ({ from, text })) })
}

const makers = {}

async function socketio(name, decoder, serverPackage, clientPackage, options) {
  const http = await listening()
  const Server = require(serverPackage)
  const io = (Server.Server ? new Server.Server(http, options) : Server(http, options))
  const serve = socket => {
    socket.on('chat message', message => socket.emit('chat message', { ...message, id: 1 }))
    socket.on('sum', (a, b, reply) => reply(a + b))
    socket.on('upload', (file, reply) => { socket.emit('thumbnail', 'a.png', Buffer.from([1, 2, 3]), { again: Buffer.from('xy') }); reply({ stored: Buffer.from('ok') }) })
    socket.on('ask me', () => socket.emit('question', 'how many?', () => {}))
  }
  io.on('connection', serve)
  io.of('/admin').on('connection', serve)
  io.of('/closed').use((socket, next) => next(Object.assign(new Error('not authorized'), { data: { code: 401 } })))
  const client = require(clientPackage)
  await conversation(name, decoder, [serverPackage, clientPackage], http.address().port, async port => {
    const dial = (path, more) => (client.io ?? client)(`http://127.0.0.1:${port}${path}`, { transports: ['websocket'], reconnection: false, ...more })
    const socket = dial('/', { auth: { token: 'abc' } })
    await new Promise(done => socket.on('connect', done))
    socket.emit('chat message', { user: 'Ann', text: 'grüße' })
    await new Promise(done => socket.emit('sum', 2, 3, done))
    await new Promise(done => socket.emit('upload', Buffer.from([0, 255, 16]), done))
    socket.on('question', (question, reply) => reply(42))
    socket.emit('ask me')
    const admin = dial('/admin')
    await new Promise(done => admin.on('connect', done))
    await new Promise(done => admin.emit('sum', 1, 1, done))
    const closed = dial('/closed')
    await new Promise(done => { closed.on('connect_error', done); closed.on('error', done) })
    admin.disconnect()
    await wait(700)
    socket.disconnect()
  })
  io.close()
}

makers.socketio = () => socketio('socketio', 'socket.io', 'socket.io', 'socket.io-client', { pingInterval: 300, pingTimeout: 5000 })
makers.socketio2 = () => socketio('socketio2', 'socket.io-2', 'socket.io2', 'socket.io-client2', { pingInterval: 300, pingTimeout: 5000 })

makers.json = () => written('json', 'json', { path: '/chat' }, [
  ['client', JSON.stringify({ type: 'say', text: 'grüße', to: ['Ann', 'Bo'], at: 1.5 })],
  ['server', JSON.stringify([{ type: 'said', text: 'a "quoted"\nline' }, null, true])],
])

function schema() {
  const { GraphQLSchema, GraphQLObjectType, GraphQLString, GraphQLInt } = require('graphql')
  const fields = { hello: { type: GraphQLString, args: { name: { type: GraphQLString } }, resolve: (_, { name }) => `hello ${name}` } }
  async function* count() { for (let n = 1; n <= 3; n++) yield { count: n } }
  return new GraphQLSchema({
    query: new GraphQLObjectType({ name: 'Query', fields: { ...fields, broken: { type: GraphQLString, resolve() { throw new Error('no such thing') } } } }),
    subscription: new GraphQLObjectType({ name: 'Subscription', fields: { count: { type: GraphQLInt, subscribe: count } } }),
  })
}

makers.graphql = async () => {
  const { useServer } = await import(join(modules, 'graphql-ws/dist/use/ws.js'))
  const { createClient } = await import(join(modules, 'graphql-ws/dist/index.js'))
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', path: '/graphql' })
  useServer({ schema: schema() }, server)
  if (!server.address()) await once(server, 'listening')
  await conversation('graphql', 'graphql', ['graphql-ws', 'graphql'], server.address().port, async port => {
    let sequence = 0
    const client = createClient({ url: `ws://127.0.0.1:${port}/graphql`, webSocketImpl: WebSocket, connectionParams: { token: 'abc' }, lazy: false, keepAlive: 200, generateID: () => `op-${++sequence}` })
    const all = payload => new Promise(done => client.subscribe(payload, { next() {}, error: done, complete: done }))
    await all({ query: 'query Greet($name: String) { hello(name: $name) }', variables: { name: 'Ann' }, operationName: 'Greet' })
    await all({ query: 'subscription OnCount {\n  count\n}' })
    await all({ query: '{ broken }' })
    await all({ query: '{ unknown }' })
    await wait(300)
    await client.dispose()
  })
  server.close()
}

makers.graphql_old = async () => {
  const { SubscriptionServer, SubscriptionClient } = require('subscriptions-transport-ws')
  const http = await listening()
  const { execute, subscribe } = require('graphql')
  const server = SubscriptionServer.create({ schema: schema(), execute, subscribe, keepAlive: 200 }, { server: http, path: '/subscriptions' })
  await conversation('graphql_old', 'graphql', ['subscriptions-transport-ws', 'graphql'], http.address().port, async port => {
    const client = new SubscriptionClient(`ws://127.0.0.1:${port}/subscriptions`, { connectionParams: { token: 'abc' } }, WebSocket)
    const all = payload => new Promise(done => client.request(payload).subscribe({ next() {}, error: done, complete: done }))
    await all({ query: 'query Greet($name: String) { hello(name: $name) }', variables: { name: 'Ann' }, operationName: 'Greet' })
    await all({ query: 'subscription OnCount { count }' })
    await all({ query: '{ broken }' })
    await all({ query: '{ unknown }' })
    await wait(300)
    client.close()
  })
  server.close()
  http.close()
}

// A server that answers each message by a function. Gives its port, and closes with the program.
async function answering(protocol, answer, greet) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: offered => protocol && offered.has(protocol) ? protocol : false })
  server.on('connection', socket => {
    greet?.(socket)
    socket.on('message', (data, binary) => answer(socket, binary ? data : data.toString()))
  })
  if (!server.address()) await once(server, 'listening')
  return server.address().port
}

// The transport of vscode-jsonrpc over messages that are each a whole text.
async function lsp(name, decoder, pack, talk, answer) {
  const rpc = require('vscode-jsonrpc/node')
  const port = await answering(null, (socket, text) => answer(socket, text))
  await conversation(name, decoder, ['vscode-jsonrpc'], port, async through => {
    const socket = new WebSocket(`ws://127.0.0.1:${through}/${name}`)
    await once(socket, 'open')
    let listener
    const reader = { listen: callback => { listener = callback; return { dispose() {} } }, onError: () => ({}), onClose: () => ({}), onPartialMessage: () => ({}), dispose() {} }
    const writer = { write: async message => socket.send(pack(JSON.stringify(message))), end() {}, onError: () => ({}), onClose: () => ({}), dispose() {} }
    socket.on('message', data => listener(JSON.parse(data.toString().replace(/^Content-Length: \d+\r\n\r\n/, ''))))
    const connection = rpc.createMessageConnection(reader, writer)
    connection.onRequest('workspace/configuration', () => [null])
    connection.listen()
    await talk(connection)
    await wait(100)
    socket.close()
  })
}

makers.jsonrpc = () => lsp('jsonrpc', 'json-rpc', text => text, async connection => {
  await connection.sendRequest('sum', 1, 2)
  await connection.sendRequest('user.get', { id: 7 })
  await connection.sendRequest('missing').catch(() => {})
  await connection.sendNotification('log', { text: 'grüße' })
}, (socket, text) => {
  const { id, method } = JSON.parse(text)
  if (method === 'missing') socket.send(JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } }))
  else if (id !== undefined) socket.send(JSON.stringify({ jsonrpc: '2.0', id, result: method === 'sum' ? 3 : { name: 'Ann' } }))
  else socket.send(JSON.stringify({ jsonrpc: '2.0', method: 'logged', params: ['ok'] }))
})

const headed = text => `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`
const serveLsp = pack => (socket, text) => {
  const { id, method } = JSON.parse(text.replace(/^Content-Length: \d+\r\n\r\n/, ''))
  if (method === 'initialize') socket.send(pack(JSON.stringify({ jsonrpc: '2.0', id, result: { capabilities: { hoverProvider: true } } })))
  if (method === 'textDocument/hover') socket.send(pack(JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32800, message: 'Request cancelled' } })))
  if (method === 'initialized') socket.send(pack(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'workspace/configuration', params: { items: [{ section: 'rust' }] } })))
}
const editLsp = async connection => {
  await connection.sendRequest('initialize', { processId: 1, rootUri: 'file:///src', capabilities: {} })
  await connection.sendNotification('initialized', {})
  await connection.sendNotification('textDocument/didChange', { textDocument: { uri: 'file:///src/grün.rs', version: 2 }, contentChanges: [{ text: 'fn main() {}' }] })
  await connection.sendRequest('textDocument/hover', { textDocument: { uri: 'file:///src/grün.rs' }, position: { line: 1, character: 2 } }).catch(() => {})
}
makers.lsp = () => lsp('lsp', 'lsp', text => text, editLsp, serveLsp(text => text))
makers.lsp_headed = () => lsp('lsp_headed', 'lsp', headed, editLsp, serveLsp(headed))

makers.cdp = () => written('cdp', 'cdp', { path: '/devtools/browser/4f3a' }, [
  ['client', '{"id":1,"method":"Target.attachToTarget","params":{"targetId":"A1","flatten":true}}'],
  ['server', '{"method":"Target.attachedToTarget","params":{"sessionId":"S1","targetInfo":{"targetId":"A1","type":"page"}}}'],
  ['server', '{"id":1,"result":{"sessionId":"S1"}}'],
  ['client', '{"id":2,"method":"Page.navigate","params":{"url":"http://localhost/"},"sessionId":"S1"}'],
  ['server', '{"id":2,"result":{"frameId":"F1","loaderId":"L1"},"sessionId":"S1"}'],
  ['client', '{"id":3,"method":"Page.unknown"}'],
  ['server', '{"id":3,"error":{"code":-32601,"message":"\'Page.unknown\' wasn\'t found"}}'],
])

makers.stomp = async () => {
  const { Client, FrameImpl } = require('@stomp/stompjs')
  const frame = (command, headers, body) => FrameImpl.marshall({ command, headers, body, escapeHeaderValues: true })
  const port = await answering('v12.stomp', (socket, data) => {
    const text = data.toString()
    const header = name => text.match(new RegExp(`^${name}:(.*)$`, 'm'))?.[1]
    if (text.startsWith('CONNECT')) socket.send(frame('CONNECTED', { version: '1.2', 'heart-beat': '0,100', server: 'RabbitMQ/3.13' }))
    if (header('receipt')) socket.send(frame('RECEIPT', { 'receipt-id': header('receipt') }))
    if (text.startsWith('SEND')) {
      socket.send(frame('MESSAGE', { destination: '/topic/chat', 'message-id': '1', subscription: 'sub-0', 'content-type': 'application/json' }, '{"text":"grüße"}'))
      socket.send('\n')
      socket.send(frame('ERROR', { message: 'access refused', 'content-type': 'text/plain' }, 'access to /topic/admin refused'))
    }
  })
  await conversation('stomp', 'stomp', ['@stomp/stompjs'], port, through => new Promise(done => {
    const client = new Client({ brokerURL: `ws://127.0.0.1:${through}/ws`, connectHeaders: { login: 'guest', passcode: 'guest' }, heartbeatOutgoing: 100, heartbeatIncoming: 0, reconnectDelay: 0 })
    client.onConnect = () => {
      client.subscribe('/topic/chat', () => {}, { receipt: 'r-1' })
      client.publish({ destination: '/topic/chat', body: '{"text":"grüße"}', headers: { 'content-type': 'application/json' } })
      client.publish({ destination: '/topic/bytes', binaryBody: new Uint8Array([0, 1, 255]) })
      setTimeout(() => client.deactivate().then(done), 300)
    }
    client.activate()
  }))
}

makers.phoenix = async () => {
  const { Socket } = require('phoenix')
  const serve = (socket, data) => {
    if (typeof data !== 'string') return
    const [join, ref, topic, event] = JSON.parse(data)
    const reply = (status, response) => socket.send(JSON.stringify([join, ref, topic, 'phx_reply', { status, response }]))
    if (topic === 'room:secret') return reply('error', { reason: 'unauthorized' })
    reply('ok', event === 'new_msg' ? { id: 1 } : {})
    if (event === 'new_msg') {
      socket.send(JSON.stringify([null, null, topic, 'new_msg', { body: 'grüße' }]))
      socket.send(JSON.stringify([null, null, topic, 'presence_diff', { joins: {}, leaves: {} }]))
      const bytes = text => [...Buffer.from(text)]
      // As Phoenix.Socket.V2.JSONSerializer writes them: a push, a reply, a broadcast.
      socket.send(Buffer.from([0, 1, topic.length, 4, ...bytes(join), ...bytes(topic), ...bytes('file'), 1, 2]))
      socket.send(Buffer.from([1, 1, ref.length, topic.length, 2, ...bytes(join), ...bytes(ref), ...bytes(topic), ...bytes('ok'), 3]))
      socket.send(Buffer.from([2, topic.length, 4, ...bytes(topic), ...bytes('file'), 4, 5]))
    }
  }
  const port = await answering(null, serve)
  await conversation('phoenix', 'phoenix', ['phoenix'], port, through => new Promise(done => {
    const socket = new Socket(`ws://127.0.0.1:${through}/socket`, { transport: WebSocket, heartbeatIntervalMs: 200, params: { token: 'abc' } })
    socket.connect()
    const room = socket.channel('room:lobby', { name: 'Ann' })
    room.join().receive('ok', () => {
      room.push('new_msg', { body: 'grüße' })
      room.push('upload', new Uint8Array([1, 2, 255]).buffer)
      socket.channel('room:secret', {}).join()
      setTimeout(() => { room.leave(); setTimeout(() => socket.disconnect(done), 50) }, 500)
    })
  }))
}

makers.actioncable = async () => {
  globalThis.self = globalThis
  globalThis.document = { addEventListener() {}, removeEventListener() {}, visibilityState: 'visible', head: { querySelector() {} } }
  globalThis.addEventListener = () => {}
  globalThis.removeEventListener = () => {}
  const { createConsumer } = require('@rails/actioncable')
  const port = await answering('actioncable-v1-json', (socket, text) => {
    const { command, identifier } = JSON.parse(text)
    const secret = identifier.includes('Secret')
    if (command === 'subscribe') socket.send(JSON.stringify({ identifier, type: secret ? 'reject_subscription' : 'confirm_subscription' }))
    if (command === 'message') socket.send(JSON.stringify({ identifier, message: { body: 'grüße' } }))
    if (command === 'unsubscribe') socket.send(JSON.stringify({ type: 'disconnect', reason: 'server_restart', reconnect: false }))
  }, socket => {
    socket.send('{"type":"welcome"}')
    socket.send('{"type":"ping","message":1767323045}')
  })
  await conversation('actioncable', 'actioncable', ['@rails/actioncable'], port, through => new Promise(done => {
    const cable = createConsumer(`ws://127.0.0.1:${through}/cable`)
    const chat = cable.subscriptions.create({ channel: 'ChatChannel', room: 'lobby' }, {
      connected() {
        chat.perform('speak', { body: 'grüße' })
        cable.subscriptions.create('SecretChannel', {})
        setTimeout(() => chat.unsubscribe(), 100)
        setTimeout(() => { cable.disconnect(); done() }, 200)
      },
    })
  }))
}

const json = { name: 'json', encode: JSON.stringify, decode: text => JSON.parse(text) }

const wamp = (file, decoder, packages, { name, encode, decode }, serializers) => async () => {
  const autobahn = require('autobahn')
  const port = await answering(`wamp.2.${name}`, (socket, data) => {
    const message = decode(data)
    const send = answer => socket.send(encode(answer))
    const [type, request] = message
    if (type === 1) send([2, 9129137332, { roles: { broker: {}, dealer: {} } }])
    if (type === 32) send([33, request, 5512315355])
    if (type === 64) { send([65, request, 2103333224]); send([68, 6131533, 2103333224, {}, [2, 3]]) }
    if (type === 16) { send([17, request, 4429313566]); send([36, 5512315355, 4429313566, {}, ['grüße']]) }
    if (type === 48) send(message[3] === 'missing' ? [8, 48, request, {}, 'wamp.error.no_such_procedure', ['no callee']] : [50, request, {}, [5]])
    if (type === 6) send([6, {}, 'wamp.close.goodbye_and_out'])
  })
  await conversation(file, decoder, ['autobahn', ...packages], port, through => new Promise(done => {
    const connection = new autobahn.Connection({ url: `ws://127.0.0.1:${through}/ws`, realm: 'realm1', max_retries: 0, protocols: [`wamp.2.${name}`], serializers: serializers(autobahn.serializer) })
    connection.onclose = () => { done(); return true }
    connection.onopen = async session => {
      await session.subscribe('com.chat', () => {})
      await session.register('com.add', ([a, b]) => a + b)
      await session.publish('com.chat', ['grüße'], {}, { acknowledge: true })
      await session.call('com.add', [2, 3])
      await session.call('missing').catch(() => {})
      await wait(50)
      connection.close()
    }
    connection.open()
  }))
}

makers.wamp = wamp('wamp', 'wamp', [], json, ({ JSONSerializer }) => [new JSONSerializer()])
makers.wamp_msgpack = () => {
  const packing = require('msgpack5')({ forceFloat64: true })
  const codec = { name: 'msgpack', encode: value => packing.encode(value).slice(), decode: packing.decode }
  return wamp('wamp_msgpack', 'wamp-msgpack', ['msgpack5'], codec, ({ MsgpackSerializer }) => [new MsgpackSerializer()])()
}
makers.wamp_cbor = () => {
  const { encode, decodeFirstSync } = require('cbor')
  const codec = { name: 'cbor', encode, decode: decodeFirstSync }
  return wamp('wamp_cbor', 'wamp-cbor', ['cbor'], codec, ({ CBORSerializer }) => [new CBORSerializer()])()
}

// A server of SockJS, and a client that has the wrapped socket of the browser.
async function sockjs(name, packages, serve, talk) {
  const http = await listening()
  const server = require('sockjs').createServer({ log() {} })
  server.on('connection', connection => serve(connection))
  server.installHandlers(http, { prefix: '/sockjs' })
  const SockJS = require('sockjs-client')
  await conversation(name, 'sockjs', ['sockjs', 'sockjs-client', ...packages], http.address().port, port =>
    talk(() => new SockJS(`http://127.0.0.1:${port}/sockjs`, null, { transports: 'websocket', server: 123, sessionId: () => 'a1b2c3d4' })))
  http.close()
}

makers.sockjs = () => sockjs('sockjs', [], connection => {
  connection.on('data', text => {
    connection.write(text)
    if (text === 'bye') connection.close(3001, 'you said so')
  })
}, connect => new Promise(done => {
  const socket = connect()
  socket.onopen = async () => {
    socket.send('grüße')
    socket.send(JSON.stringify({ type: 'say', text: 'a "quoted"\nline' }))
    socket.send('bye')
  }
  socket.onclose = done
}))

makers.sockjs_stomp = () => sockjs('sockjs_stomp', ['@stomp/stompjs'], connection => {
  const send = text => connection.write(text)
  connection.on('data', text => {
    const command = text.split('\n')[0]
    const header = name => text.match(new RegExp(`^${name}:(.*)$`, 'm'))?.[1]
    if (command === 'CONNECT') { send('CONNECTED\nversion:1.2\nheart-beat:0,0\n\n\0'); send('\n') }
    if (command === 'SEND') send(`MESSAGE\ndestination:${header('destination')}\nsubscription:sub-0\nmessage-id:7\n\n${text.slice(text.indexOf('\n\n') + 2)}`)
    if (header('receipt')) send(`RECEIPT\nreceipt-id:${header('receipt')}\n\n\0`)
  })
}, connect => new Promise(done => {
  const { Client } = require('@stomp/stompjs')
  const client = new Client({ webSocketFactory: connect, reconnectDelay: 0, heartbeatIncoming: 0, heartbeatOutgoing: 0 })
  client.onConnect = () => {
    client.subscribe('/topic/chat', async () => { await client.deactivate(); done() })
    client.publish({ destination: '/topic/chat', body: JSON.stringify({ text: 'grüße' }) })
  }
  client.activate()
}))

// What a server of Meteor says.
function meteor(send) {
  send({ server_id: '0' })
  return message => {
    const { msg, id } = message
    if (msg === 'connect') send({ msg: 'connected', session: 'Zk3q' })
    if (msg === 'ping') send({ msg: 'pong', id })
    if (msg === 'sub' && message.name === 'secrets') return send({ msg: 'nosub', id, error: { isClientSafe: true, error: 404, reason: "Subscription 'secrets' not found", message: "Subscription 'secrets' not found [404]", errorType: 'Meteor.Error' } })
    if (msg === 'sub') {
      send({ msg: 'added', collection: 'tasks', id: 'a1', fields: { text: 'grüße', done: false } })
      send({ msg: 'ready', subs: [id] })
    }
    if (msg === 'unsub') { send({ msg: 'removed', collection: 'tasks', id: 'a1' }); send({ msg: 'nosub', id }) }
    if (msg === 'method' && message.method === 'missing') send({ msg: 'result', id, error: { error: 404, reason: "Method 'missing' not found", message: "Method 'missing' not found [404]", errorType: 'Meteor.Error' } })
    else if (msg === 'method') {
      send({ msg: 'changed', collection: 'tasks', id: 'a1', fields: { done: true } })
      send({ msg: 'result', id, result: { changed: 1 } })
    }
    if (msg === 'method') send({ msg: 'updated', methods: [id] })
  }
}

async function talkDdp(endpoint, SocketConstructor) {
  const simpleDDP = require('simpleddp')
  // A promise of the library's own fails beside that of a refused subscription.
  process.once('unhandledRejection', () => {})
  const client = new (simpleDDP.default ?? simpleDDP)({ endpoint, SocketConstructor, reconnectInterval: 60000 })
  await client.connect()
  const tasks = client.subscribe('tasks', { open: true })
  await tasks.ready()
  await client.call('tasks.finish', 'a1')
  await client.call('missing').catch(() => {})
  await client.subscribe('secrets').ready().catch(() => {})
  await tasks.stop?.()
  await wait(200)
  await client.disconnect()
}

makers.ddp = async () => {
  const servers = new WeakMap()
  const port = await answering(null, (socket, text) => servers.get(socket)(JSON.parse(text)),
    socket => servers.set(socket, meteor(message => socket.send(JSON.stringify(message)))))
  await conversation('ddp', 'ddp', ['simpleddp'], port, through => talkDdp(`ws://127.0.0.1:${through}/websocket`, WebSocket))
}

makers.sockjs_ddp = () => sockjs('sockjs_ddp', ['simpleddp'], connection => {
  const serve = meteor(message => connection.write(JSON.stringify(message)))
  connection.on('data', text => serve(JSON.parse(text)))
}, connect => talkDdp('', function () { return connect() }))

makers.vite = async () => {
  const { createServer } = await import(join(modules, 'vite/dist/node/index.js'))
  const { mkdtempSync } = await import('node:fs')
  const { tmpdir } = await import('node:os')
  const root = mkdtempSync(join(tmpdir(), 'vite-'))
  writeFileSync(join(root, 'index.html'), '<script type=module src=/main.js></script>')
  writeFileSync(join(root, 'main.js'), 'export const a = 1; import.meta.hot.accept()')
  const server = await createServer({ root, configFile: false, logLevel: 'silent', server: { port: 0, host: '127.0.0.1' }, plugins: [{ name: 'hello', configureServer(server) { server.ws.on('app:hello', (data, client) => client.send('app:back', { again: data })) } }] })
  await server.listen()
  const port = server.httpServer.address().port
  await conversation('vite', 'vite', ['vite'], port, async through => {
    const socket = new WebSocket(`ws://127.0.0.1:${through}/?token=${server.config.webSocketToken}`, 'vite-hmr')
    await once(socket, 'open')
    socket.send(JSON.stringify({ type: 'custom', event: 'app:hello', data: { a: 1 } }))
    socket.send(JSON.stringify({ type: 'ping' }))
    await server.transformRequest('/main.js')
    writeFileSync(join(root, 'main.js'), 'export const a = 2; import.meta.hot.accept()')
    await wait(500)
    writeFileSync(join(root, 'index.html'), '<p>')
    await wait(500)
    server.ws.send({ type: 'error', err: { message: 'it does not parse', stack: '' } })
    await wait(100)
    socket.close()
  })
  await server.close()
}

makers.signalr = () => {
  const { JsonHubProtocol } = require('@microsoft/signalr')
  const { HandshakeProtocol } = require(join(modules, '@microsoft/signalr/dist/cjs/HandshakeProtocol.js'))
  const hub = new JsonHubProtocol()
  const messages = [
    ['client', new HandshakeProtocol().writeHandshakeRequest({ protocol: 'json', version: 1 })],
    ['server', '{}\x1e'],
    ['client', hub.writeMessage({ type: 1, target: 'Send', arguments: ['Ann', 'grüße'], invocationId: '0' })],
    ['server', hub.writeMessage({ type: 1, target: 'Receive', arguments: ['Ann', 'grüße'] }) + hub.writeMessage({ type: 3, invocationId: '0', result: 3 })],
    ['client', hub.writeMessage({ type: 4, target: 'Count', arguments: [3], invocationId: '1' })],
    ['server', hub.writeMessage({ type: 2, invocationId: '1', item: 1 })],
    ['client', hub.writeMessage({ type: 5, invocationId: '1' })],
    ['server', hub.writeMessage({ type: 3, invocationId: '1', error: 'it was cancelled' })],
    ['client', hub.writeMessage({ type: 6 })],
    ['server', hub.writeMessage({ type: 7, error: 'shutting down', allowReconnect: true })],
  ].map(([from, text]) => ({ from, text }))
  write('signalr', 'signalr', version('@microsoft/signalr'), { path: '/chat', messages })
}

makers.signalr_msgpack = () => {
  const { MessagePackHubProtocol } = require('@microsoft/signalr-protocol-msgpack')
  const { BinaryMessageFormat } = require(join(modules, '@microsoft/signalr-protocol-msgpack/dist/cjs/BinaryMessageFormat.js'))
  const { HandshakeProtocol } = require(join(modules, '@microsoft/signalr/dist/cjs/HandshakeProtocol.js'))
  const { encode } = require('@msgpack/msgpack')
  const hub = new MessagePackHubProtocol()
  const write1 = message => Buffer.from(hub.writeMessage({ headers: {}, ...message }))
  const messages = [
    ['client', new HandshakeProtocol().writeHandshakeRequest({ protocol: 'messagepack', version: 1 })],
    ['server', Buffer.from('{}\x1e')],
    ['client', write1({ type: 1, target: 'Send', arguments: ['Ann', 'grüße'], invocationId: '0', streamIds: [] })],
    ['server', Buffer.concat([write1({ type: 1, target: 'Receive', arguments: ['Ann', 'x'.repeat(150)], streamIds: [] }), write1({ type: 3, invocationId: '0', result: 3 })])],
    ['client', write1({ type: 4, target: 'Count', arguments: [3], invocationId: '1', streamIds: [] })],
    ['server', write1({ type: 2, invocationId: '1', item: 1 })],
    ['client', write1({ type: 5, invocationId: '1' })],
    ['server', write1({ type: 3, invocationId: '1', error: 'it was cancelled' })],
    ['server', write1({ type: 3, invocationId: '2' })],
    ['client', write1({ type: 6 })],
    // The client's library does not write what only servers say.
    ['server', Buffer.from(BinaryMessageFormat.write(encode([7, 'shutting down', true])))],
  ].map(([from, data]) => typeof data === 'string' ? { from, text: data } : { from, base64: data.toString('base64') })
  write('signalr_msgpack', 'signalr-msgpack', version('@microsoft/signalr-protocol-msgpack'), { path: '/chat', messages })
}

makers.msgpack = () => {
  const { encode } = require('@msgpack/msgpack')
  const values = [
    { type: 'move', x: 1.5, y: -3, far: 70000, name: 'grün', flags: [true, false, null] },
    { big: 2 ** 40, low: -(2 ** 40), bytes: new Uint8Array([0, 1, 255]), long: 'x'.repeat(40), at: new Date(1767323045123) },
    Object.fromEntries([['list', Array.from({ length: 20 }, (_, index) => index * 100 - 1000)]]),
  ]
  const messages = values.map((value, index) => ({ from: index % 2 ? 'server' : 'client', base64: Buffer.from(encode(value)).toString('base64') }))
  write('msgpack', 'msgpack', version('@msgpack/msgpack'), { path: '/game', messages })
}

makers.cbor = () => {
  const { Encoder, Tag, addExtension } = require('cbor-x')
  const node = require('cbor')
  class Place { constructor(x) { this.x = x } }
  addExtension({ Class: Place, tag: 40500, encode: (place, encode) => encode([place.x]), decode: ([x]) => new Place(x) })
  const plain = new Encoder({ useRecords: false, variableMapSize: true })
  const values = [
    plain.encode({ type: 'move', x: 1.5, y: -3, far: 70000, name: 'grün', flags: [true, false, null, undefined] }),
    plain.encode({ big: 2n ** 70n, low: -(2 ** 40), bytes: new Uint8Array([0, 1, 255]), long: 'x'.repeat(40), at: new Date(1767323045123) }),
    plain.encode({ type: 'place', place: new Place(7), uuid: new Tag(Buffer.from('00112233445566778899aabbccddeeff', 'hex'), 37), in: new Map([[1, 'one'], [2, 'two']]) }),
    new Encoder({ useRecords: false }).encode({ type: 'say', text: 'grüße' }),
    node.encode({ type: 'said', half: 0.5, at: new Date(1767323045000), url: new URL('http://localhost/a'), nested: { list: [1, [2, [3]]] } }),
  ]
  const messages = values.map((bytes, index) => ({ from: index % 2 ? 'server' : 'client', base64: Buffer.from(bytes).toString('base64') }))
  write('cbor', 'cbor', `${version('cbor-x')}, ${version('cbor')}`, { path: '/game', messages })
}

// Two clients at a document; the server is y-protocols with a loop around it.
makers.yjs = async () => {
  const Y = require('yjs')
  const [sync, awareness, auth] = ['sync', 'awareness', 'auth'].map(name => require(`y-protocols/${name}`))
  const [encoding, decoding] = ['encoding', 'decoding'].map(name => require(`lib0/${name}`))
  const { WebsocketProvider } = require('y-websocket')
  const doc = new Y.Doc()
  doc.clientID = 9
  const sockets = new Set()
  const send = (socket, type, write) => {
    const encoder = encoding.createEncoder()
    encoding.writeVarUint(encoder, type)
    write(encoder)
    if (encoding.length(encoder) > 1) socket.send(encoding.toUint8Array(encoder))
  }
  doc.on('update', update => sockets.forEach(socket => send(socket, 0, encoder => sync.writeUpdate(encoder, update))))
  const port = await answering(null, (socket, data) => {
    const decoder = decoding.createDecoder(new Uint8Array(data))
    const type = decoding.readVarUint(decoder)
    if (type === 0) send(socket, 0, encoder => sync.readSyncMessage(decoder, encoder, doc, socket))
    if (type === 1) sockets.forEach(other => other.send(data))
  }, socket => {
    sockets.add(socket)
    send(socket, 0, encoder => sync.writeSyncStep1(encoder, doc))
  })
  doc.getText('page').insert(0, 'there already')
  await conversation('yjs', 'yjs', ['yjs', 'y-protocols', 'y-websocket'], port, async through => {
    const mine = new Y.Doc()
    mine.clientID = 7
    const provider = new WebsocketProvider(`ws://127.0.0.1:${through}`, 'notes', mine, { WebSocketPolyfill: WebSocket, disableBc: true })
    provider.awareness.setLocalState({ user: { name: 'grün' }, cursor: null })
    await new Promise(done => provider.once('sync', done))
    mine.getText('page').insert(0, 'grüße ')
    await wait(100)
    doc.getText('page').insert(0, 'from the server ')
    sockets.forEach(socket => socket.send(new Uint8Array([3])))
    sockets.forEach(socket => send(socket, 2, encoder => auth.writePermissionDenied(encoder, 'read only')))
    await wait(100)
    provider.awareness.setLocalState(null)
    await wait(100)
    provider.destroy()
  })
}

makers.protobuf = () => {
  const protobuf = require('protobufjs')
  const root = new protobuf.Root().loadSync(join(here, 'chat.proto'), { keepCase: true })
  const Envelope = root.lookupType('chat.Envelope')
  const encode = value => Buffer.from(Envelope.encode(Envelope.fromObject(value)).finish()).toString('base64')
  const messages = [
    ['client', { seq: 1, join: { room: 'lobby', user: { id: 7, name: 'grün', role: 'ADMIN' } } }],
    ['server', { seq: 2, state: { users: [{ id: 7, name: 'grün', role: 'ADMIN' }, { id: 8, name: 'Bo' }], scores: [1, 2, 300], places: [1.5, -2.25], limits: { low: -5, high: 70000 } } }],
    ['client', { seq: 3, say: { text: 'grüße\nand more', at: { seconds: 1767323045, nanos: 123000000 }, loud: true, delta: -3, ratio: 0.5, exact: 1.25, hash: 12345, big: '9007199254740993', low: '-1' } }],
    ['server', { seq: 4, said: { raw: Buffer.from([0, 255, 16]), packed: Buffer.from('{"a":1}') } }],
    ['server', {}],
  ].map(([from, value]) => ({ from, base64: encode(value) }))
  write('protobuf', 'protobuf', version('protobufjs'), { path: '/chat', messages })
}

// What services send that pack each message, and what values hold.
makers.content = () => {
  const { gzipSync, deflateSync } = require('node:zlib')
  const { execFileSync } = require('node:child_process')
  const { version: pillow, pictures } = JSON.parse(execFileSync(process.env.PYTHON ?? 'python3', [join(here, 'pictures.py')]))
  const zstd = input => execFileSync('zstd', ['-q', '-c'], { input })
  const tick = { ch: 'market.btcusdt.trade', tick: { price: 1.5, name: 'grün' } }
  const text = JSON.stringify(tick)
  const messages = [
    ['client', JSON.stringify({ sub: 'market.btcusdt.trade' })],
    ['server', gzipSync(text)],
    ['server', deflateSync(text)],
    ['server', zstd(text)],
    ['server', zstd('only text')],
    ['server', gzipSync(require('@msgpack/msgpack').encode(tick))],
    ['server', gzipSync(gzipSync(Buffer.from(pictures.png, 'base64')))],
    ['client', 'ping'],
    ...Object.values(pictures).map(picture => ['server', Buffer.from(picture, 'base64')]),
  ].map(([from, data]) => typeof data === 'string' ? { from, text: data } : { from, base64: data.toString('base64') })
  const zstdVersion = execFileSync('zstd', ['--version']).toString().match(/v([\d.]+)/)[1]
  write('content', 'content', `node ${process.versions.node}, zstd ${zstdVersion}, Pillow ${pillow}`, { path: '/ws', messages })
}

makers.nested = () => {
  const { gzipSync } = require('node:zlib')
  const { sign } = require('jsonwebtoken')
  const inner = { user: 'Ann', tags: ['a', 'b'] }
  const token = sign({ sub: 'ann', iat: 1767323045, exp: 1767326645, admin: true }, 'secret')
  written('nested', 'json', { path: '/values' }, [
    { type: 'auth', token, authorization: `Bearer ${token}` },
    { type: 'wrapped', body: JSON.stringify({ again: JSON.stringify(inner) }) },
    { type: 'file', url: `data:application/json;base64,${Buffer.from(JSON.stringify(inner)).toString('base64')}`, small: 'data:,gr%C3%BC%C3%9Fe' },
    { type: 'packed', body: gzipSync(JSON.stringify(inner)).toString('base64'), safe: Buffer.from('text that is hidden?').toString('base64url') },
    { type: 'plain', id: 'abcdefghijklmnop', hash: '9f86d081884c7d659a2feaa0c55ad015', list: '[]', brace: '{not json}', key: 'eyJhbGciOi' },
  ].map((message, index) => [index % 2 ? 'server' : 'client', JSON.stringify(message)]))
}

// A client of MQTT through the relay. In Node it sends a message for each write, in a browser one for those of a turn;
// `writev` makes it do the latter. The broker, aedes, speaks 3.1.1 alone; MQTT 5 is answered below.
async function mqtt(name, decoder, packages, protocolVersion, port, options, talk) {
  const { connectAsync } = require('mqtt')
  await conversation(name, decoder, packages, port, async through => {
    const client = await connectAsync(`ws://127.0.0.1:${through}/mqtt`, { protocolVersion, clientId: 'ann', keepalive: 1, reconnectPeriod: 0, ...options })
    await talk(client)
    await wait(1200)
    await client.endAsync()
  })
}

const talkMqtt = async client => {
  client.on('message', () => {})
  await client.subscribeAsync({ 'room/+/say': { qos: 1 }, 'closed': { qos: 0 } })
  await client.publishAsync('room/a/say', '{"text":"grüße"}', { qos: 1 })
  await client.publishAsync('room/b/say', Buffer.from([0, 1, 255]), { qos: 2 })
  await client.publishAsync('room/c/say', 'kept', { qos: 0, retain: true })
  await client.unsubscribeAsync('closed')
}

const writev = function (chunks, done) { this._write(Buffer.concat(chunks.map(({ chunk }) => Buffer.from(chunk))), 'binary', done) }

async function mqttOld(name, options, talk) {
  const { Aedes } = require('aedes')
  const broker = await Aedes.createBroker()
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'mqtt' })
  server.on('connection', (socket, request) => broker.handle(require('ws').createWebSocketStream(socket, { writev }), request))
  if (!server.address()) await once(server, 'listening')
  await mqtt(name, 'mqtt', ['mqtt', 'aedes'], 4, server.address().port, options, talk)
  broker.close()
  server.close()
}

makers.mqtt = () => {
  const will = { topic: 'room/a/left', payload: Buffer.from('ann'), qos: 1, retain: false }
  return mqttOld('mqtt', { username: 'ann', password: 'secret', will, wsOptions: { writev } }, talkMqtt)
}
makers.mqtt_pieces = () => mqttOld('mqtt_pieces', {}, client => client.publishAsync('room/a/say', '{"text":"grüße"}', { qos: 1 }))

makers.mqtt5 = async () => {
  const packets = require('mqtt-packet')
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'mqtt' })
  server.on('connection', socket => {
    const parser = packets.parser({ protocolVersion: 5 })
    const send = (...list) => socket.send(Buffer.concat(list.map(packet => packets.generate(packet, { protocolVersion: 5 }))))
    socket.on('message', data => parser.parse(data))
    parser.on('packet', packet => {
      const { cmd, messageId } = packet
      if (cmd === 'connect') send({ cmd: 'connack', reasonCode: 0, sessionPresent: false, properties: { assignedClientIdentifier: 'a1', serverKeepAlive: 1, topicAliasMaximum: 10, receiveMaximum: 20 } })
      if (cmd === 'subscribe') send({ cmd: 'suback', messageId, granted: [1, 0x87], properties: { reasonString: 'closed to you' } })
      if (cmd === 'unsubscribe') send({ cmd: 'unsuback', messageId, granted: [0x11] })
      if (cmd === 'pingreq') send({ cmd: 'pingresp' })
      if (cmd === 'pubrel') send({ cmd: 'pubcomp', messageId, reasonCode: 0 })
      if (cmd === 'publish' && packet.qos === 2) send({ cmd: 'pubrec', messageId, reasonCode: 0 })
      if (cmd === 'publish' && packet.qos === 1) send({ cmd: 'puback', messageId, reasonCode: packet.topic.startsWith('closed') ? 0x87 : 0 }, { ...packet, messageId: 9, properties: { ...packet.properties, subscriptionIdentifier: 7 } })
      if (packet.topic === 'room/c/say' && cmd === 'publish') send({ cmd: 'disconnect', reasonCode: 0x8b, properties: { reasonString: 'back in a minute' } })
    })
  })
  if (!server.address()) await once(server, 'listening')
  await mqtt('mqtt5', 'mqtt-5', ['mqtt', 'mqtt-packet'], 5, server.address().port, { wsOptions: { writev }, properties: { sessionExpiryInterval: 60, userProperties: { from: 'tests' } } }, async client => {
    client.on('message', () => {})
    await client.subscribeAsync({ 'room/+/say': { qos: 1, nl: true }, closed: { qos: 0 } }, { properties: { subscriptionIdentifier: 7 } }).catch(() => {})
    await client.publishAsync('room/a/say', '{"text":"grüße"}', { qos: 1, properties: { contentType: 'application/json', responseTopic: 'room/a/back', correlationData: Buffer.from([1, 2]), userProperties: { lang: 'de' }, messageExpiryInterval: 30 } })
    await client.publishAsync('room/b/say', Buffer.from([0, 1, 255]), { qos: 2 })
    await client.publishAsync('closed', 'x', { qos: 1 }).catch(() => {})
    await client.unsubscribeAsync('closed')
    await wait(1200)
    await client.publishAsync('room/c/say', 'kept', { qos: 0, retain: true })
  })
  server.close()
}

// What webpack-dev-server 5 sends; its client never speaks.
makers.webpack = () => written('webpack', 'webpack', { path: '/ws' }, [
  { type: 'hot' }, { type: 'liveReload' }, { type: 'reconnect', data: 10 },
  { type: 'overlay', data: { warnings: true, errors: true } }, { type: 'hash', data: 'd1f2' }, { type: 'ok' }, { type: 'invalid' },
  { type: 'errors', data: [{ message: 'Unexpected token' }] }, { type: 'static-changed', data: 'index.html' },
].map(message => ['server', JSON.stringify(message)]))

for (const [name, make] of Object.entries(makers)) {
  if (only.length === 0 || only.includes(name)) await make()
}
process.exit(0)
