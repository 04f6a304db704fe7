// Makes the files beside it: conversations of real clients and servers, and bytes of real encoders.
//
//   npm install ws@8.23 socket.io@4.8.4 socket.io-client@4.8.4 socket.io2@npm:socket.io@2 \
//     socket.io-client2@npm:socket.io-client@2 graphql@16 graphql-ws@6 subscriptions-transport-ws@0.11
//   node make.mjs DIRECTORY-OF-NODE-MODULES [NAME...]
//
// The first line of a file tells the session, each further line one message of it.
import { createRequire } from 'node:module'
import { createServer } from 'node:http'
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
  const http = await listening()
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

// Messages that no server of the library's own answers: [from, text or bytes].
function written(name, decoder, packages, session, messages) {
  const line = ([from, data]) => ({ from, ...(typeof data === 'string' ? { text: data } : { base64: Buffer.from(data).toString('base64') }) })
  write(name, decoder, packages.map(version).join(', '), { ...session, messages: messages.map(line) })
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

makers.json = () => written('json', 'json', ['ws'], { path: '/chat' }, [
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

for (const [name, make] of Object.entries(makers)) {
  if (only.length === 0 || only.includes(name)) await make()
}
process.exit(0)
